//! The reader's answer, under the cases.

#[path = "cases/ex12_presence.rs"]
mod cases;
#[path = "../exercises/ex12_presence.rs"]
pub mod subject;
