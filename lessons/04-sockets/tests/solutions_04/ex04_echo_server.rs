//! The worked solution, under the same cases.

#[path = "../cases/ex04_echo_server.rs"]
mod cases;

use sockets::solutions::ex04_echo_server as subject;
