//! The worked solution, under the same cases.

#[path = "../cases/ex05_timers.rs"]
mod cases;

use event_loop::solutions::ex05_timers as subject;
