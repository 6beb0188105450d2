//! The reader's answer, under the cases.

#[path = "cases/ex09_payload.rs"]
mod cases;
#[path = "../exercises/ex09_payload.rs"]
pub mod subject;
