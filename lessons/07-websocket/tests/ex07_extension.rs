//! The reader's answer, under the cases.

#[path = "cases/ex07_extension.rs"]
mod cases;
#[path = "../exercises/ex07_extension.rs"]
pub mod subject;
