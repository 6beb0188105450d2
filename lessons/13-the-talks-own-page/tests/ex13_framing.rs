//! The reader's answer, under the cases.

#[path = "cases/ex13_framing.rs"]
mod cases;
#[path = "../exercises/ex13_framing.rs"]
pub mod subject;
