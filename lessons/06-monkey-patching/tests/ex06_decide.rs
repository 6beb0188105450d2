//! The reader's answer, under the cases.

#[path = "cases/ex06_decide.rs"]
mod cases;
#[path = "../exercises/ex06_decide.rs"]
pub mod subject;
