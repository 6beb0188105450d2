//! The worked solution, under the same cases.

#[path = "../cases/ex13_transport.rs"]
mod cases;

use heritage::solutions::ex13_transport as subject;
