//! The reader's answer, under the cases.

#[path = "cases/ex05_timers.rs"]
mod cases;
#[path = "../exercises/ex05_timers.rs"]
pub mod subject;
