//! The worked solution, under the same cases.

#[path = "../cases/ex07_accept_key.rs"]
mod cases;

use websocket::solutions::ex07_accept_key as subject;
