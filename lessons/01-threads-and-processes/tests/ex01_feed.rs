//! The reader's answer, under the cases.

#[path = "cases/ex01_feed.rs"]
mod cases;
#[path = "../exercises/ex01_feed.rs"]
pub mod subject;
