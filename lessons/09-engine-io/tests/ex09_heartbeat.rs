//! The reader's answer, under the cases.

#[path = "cases/ex09_heartbeat.rs"]
mod cases;
#[path = "../exercises/ex09_heartbeat.rs"]
pub mod subject;
