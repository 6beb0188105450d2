//! The worked solution, under the same cases.

#[path = "../cases/ex08_chooser.rs"]
mod cases;

use transports::solutions::ex08_chooser as subject;
