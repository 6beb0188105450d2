//! The worked solution, under the same cases.

#[path = "../cases/ex04_read_line.rs"]
mod cases;

use sockets::solutions::ex04_read_line as subject;
