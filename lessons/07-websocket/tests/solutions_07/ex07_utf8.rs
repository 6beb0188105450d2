//! The worked solution, under the same cases.

#[path = "../cases/ex07_utf8.rs"]
mod cases;

use websocket::solutions::ex07_utf8 as subject;
