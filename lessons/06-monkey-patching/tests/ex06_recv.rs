//! The reader's answer, under the cases.

#[path = "cases/ex06_recv.rs"]
mod cases;
#[path = "../exercises/ex06_recv.rs"]
pub mod subject;
