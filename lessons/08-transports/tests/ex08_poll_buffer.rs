//! The reader's answer, under the cases.

#[path = "cases/ex08_poll_buffer.rs"]
mod cases;
#[path = "../exercises/ex08_poll_buffer.rs"]
pub mod subject;
mod support;
