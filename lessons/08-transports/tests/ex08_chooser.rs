//! The reader's answer, under the cases.

#[path = "cases/ex08_chooser.rs"]
mod cases;
#[path = "../exercises/ex08_chooser.rs"]
pub mod subject;
mod support;
