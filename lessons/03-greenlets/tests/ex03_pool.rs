//! The reader's answer, put under the cases.

#[path = "cases/ex03_pool.rs"]
mod cases;
#[path = "../exercises/ex03_pool.rs"]
pub mod subject;
mod support;
