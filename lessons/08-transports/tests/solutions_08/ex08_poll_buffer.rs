//! The worked solution, under the same cases.

#[path = "../cases/ex08_poll_buffer.rs"]
mod cases;

use transports::solutions::ex08_poll_buffer as subject;
