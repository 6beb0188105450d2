//! The worked solution, under the same cases.

#[path = "../cases/ex07_messages.rs"]
mod cases;

use websocket::solutions::ex07_messages as subject;
