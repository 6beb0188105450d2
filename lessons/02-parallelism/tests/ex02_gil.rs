//! The reader's answer, under the cases.

#[path = "cases/ex02_gil.rs"]
mod cases;
#[path = "../exercises/ex02_gil.rs"]
pub mod subject;
