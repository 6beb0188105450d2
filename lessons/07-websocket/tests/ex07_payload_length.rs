//! The reader's answer, under the cases.

#[path = "cases/ex07_payload_length.rs"]
mod cases;
#[path = "../exercises/ex07_payload_length.rs"]
pub mod subject;
