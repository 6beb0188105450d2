//! The worked solution, under the same cases.

#[path = "../cases/ex10_packet.rs"]
mod cases;

use socket_io::solutions::ex10_packet as subject;
