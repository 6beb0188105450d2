//! The worked solution, under the same cases.

#[path = "../cases/ex05_executor.rs"]
mod cases;

use event_loop::solutions::ex05_executor as subject;
