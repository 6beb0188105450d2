//! The reader's answer, under the cases.

#[path = "cases/ex05_line_echo.rs"]
mod cases;
#[path = "../exercises/ex05_line_echo.rs"]
pub mod subject;
