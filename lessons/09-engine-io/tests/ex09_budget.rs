//! The reader's answer, under the cases.

#[path = "cases/ex09_budget.rs"]
mod cases;
#[path = "../exercises/ex09_budget.rs"]
pub mod subject;
