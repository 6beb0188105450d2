//! The reader's answer, put under the cases.

#[path = "cases/ex03_bounded.rs"]
mod cases;
#[path = "../exercises/ex03_bounded.rs"]
pub mod subject;
mod support;
