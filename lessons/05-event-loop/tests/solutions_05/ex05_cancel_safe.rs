//! The worked solution, under the same cases.

#[path = "../cases/ex05_cancel_safe.rs"]
mod cases;

use event_loop::solutions::ex05_cancel_safe as subject;
