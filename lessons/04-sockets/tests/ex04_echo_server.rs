//! The reader's answer, under the cases.

#[path = "cases/ex04_echo_server.rs"]
mod cases;
#[path = "../exercises/ex04_echo_server.rs"]
pub mod subject;
