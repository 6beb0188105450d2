//! The worked solution, under the same cases.

#[path = "../cases/ex10_placeholders.rs"]
mod cases;

use socket_io::solutions::ex10_placeholders as subject;
