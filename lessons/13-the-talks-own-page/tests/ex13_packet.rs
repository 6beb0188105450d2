//! The reader's answer, under the cases.

#[path = "cases/ex13_packet.rs"]
mod cases;
#[path = "../exercises/ex13_packet.rs"]
pub mod subject;
