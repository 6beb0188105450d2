//! Runs the cases on the reader's answer.

#[path = "cases/ex06_wait_table.rs"]
mod cases;
#[path = "../exercises/ex06_wait_table.rs"]
pub mod subject;
