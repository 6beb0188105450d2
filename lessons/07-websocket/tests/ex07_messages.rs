//! The reader's answer, under the cases.

#[path = "cases/ex07_messages.rs"]
mod cases;
#[path = "../exercises/ex07_messages.rs"]
pub mod subject;
