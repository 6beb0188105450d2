//! The reader's answer, under the cases.

#[path = "cases/ex08_chunked.rs"]
mod cases;
#[path = "../exercises/ex08_chunked.rs"]
pub mod subject;
mod support;
