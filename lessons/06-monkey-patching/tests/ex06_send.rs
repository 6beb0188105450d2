//! Runs the cases on the reader's answer.

#[path = "cases/ex06_send.rs"]
mod cases;
#[path = "../exercises/ex06_send.rs"]
pub mod subject;
