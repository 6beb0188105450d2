//! The reader's answer, under the cases.

#[path = "cases/ex12_wire.rs"]
mod cases;
#[path = "../exercises/ex12_wire.rs"]
pub mod subject;
