//! The reader's answer, under the cases.

#[path = "cases/ex04_read_line.rs"]
mod cases;
#[path = "../exercises/ex04_read_line.rs"]
pub mod subject;
