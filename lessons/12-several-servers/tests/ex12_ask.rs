//! The reader's answer, under the cases.

#[path = "cases/ex12_ask.rs"]
mod cases;
#[path = "../exercises/ex12_ask.rs"]
pub mod subject;
