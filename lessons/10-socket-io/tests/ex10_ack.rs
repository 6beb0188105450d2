//! The reader's answer, under the cases.

#[path = "cases/ex10_ack.rs"]
mod cases;
#[path = "../exercises/ex10_ack.rs"]
pub mod subject;
