//! The worked solution, under the same cases.

#[path = "../cases/ex09_payload.rs"]
mod cases;

use engine_io::solutions::ex09_payload as subject;
