//! The reader's answer, under the cases.

#[path = "cases/ex01_supervisor.rs"]
mod cases;
#[path = "../exercises/ex01_supervisor.rs"]
pub mod subject;
