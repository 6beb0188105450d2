//! The reader's answer, under the cases.

#[path = "cases/ex09_upgrade.rs"]
mod cases;
#[path = "../exercises/ex09_upgrade.rs"]
pub mod subject;
