//! The worked solution, under the same cases.

#[path = "../cases/ex05_line_echo.rs"]
mod cases;

use event_loop::solutions::ex05_line_echo as subject;
