//! The reader's answer, under the cases.

#[path = "cases/ex10_packet.rs"]
mod cases;
#[path = "../exercises/ex10_packet.rs"]
pub mod subject;
