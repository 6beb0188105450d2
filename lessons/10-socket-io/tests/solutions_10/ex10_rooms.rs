//! The worked solution, under the same cases.

#[path = "../cases/ex10_rooms.rs"]
mod cases;

use socket_io::solutions::ex10_rooms as subject;
