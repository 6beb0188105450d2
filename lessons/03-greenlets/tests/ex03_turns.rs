//! The reader's answer, put under the cases.

#[path = "cases/ex03_turns.rs"]
mod cases;
#[path = "../exercises/ex03_turns.rs"]
pub mod subject;
mod support;
