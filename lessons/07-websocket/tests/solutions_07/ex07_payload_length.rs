//! The worked solution, under the same cases.

#[path = "../cases/ex07_payload_length.rs"]
mod cases;

use websocket::solutions::ex07_payload_length as subject;
