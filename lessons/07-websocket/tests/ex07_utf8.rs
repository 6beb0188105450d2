//! The reader's answer, under the cases.

#[path = "cases/ex07_utf8.rs"]
mod cases;
#[path = "../exercises/ex07_utf8.rs"]
pub mod subject;
