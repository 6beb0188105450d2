//! The reader's answer, under the cases.

#[path = "cases/ex07_accept_key.rs"]
mod cases;
#[path = "../exercises/ex07_accept_key.rs"]
pub mod subject;
