//! The reader's answer, under the cases.

#[path = "cases/ex06_wait_table.rs"]
mod cases;
#[path = "../exercises/ex06_wait_table.rs"]
pub mod subject;
