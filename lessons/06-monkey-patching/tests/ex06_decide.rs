//! Runs the cases on the reader's answer.

#[path = "cases/ex06_decide.rs"]
mod cases;
#[path = "../exercises/ex06_decide.rs"]
pub mod subject;
