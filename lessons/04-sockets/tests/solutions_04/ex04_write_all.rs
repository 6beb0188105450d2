//! The worked solution, under the same cases.

#[path = "../cases/ex04_write_all.rs"]
mod cases;

use sockets::solutions::ex04_write_all as subject;
