//! The worked solution, under the same cases.

#[path = "../cases/ex07_extension.rs"]
mod cases;

use websocket::solutions::ex07_extension as subject;
