//! The reader's answer, under the cases.

#[path = "cases/ex08_sse.rs"]
mod cases;
#[path = "../exercises/ex08_sse.rs"]
pub mod subject;
mod support;
