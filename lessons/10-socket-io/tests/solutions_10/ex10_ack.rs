//! The worked solution, under the same cases.

#[path = "../cases/ex10_ack.rs"]
mod cases;

use socket_io::solutions::ex10_ack as subject;
