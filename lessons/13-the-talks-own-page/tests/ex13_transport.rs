//! The reader's answer, under the cases.

#[path = "cases/ex13_transport.rs"]
mod cases;
#[path = "../exercises/ex13_transport.rs"]
pub mod subject;
