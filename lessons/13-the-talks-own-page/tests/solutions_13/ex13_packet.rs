//! The worked solution, under the same cases.

#[path = "../cases/ex13_packet.rs"]
mod cases;

use heritage::solutions::ex13_packet as subject;
