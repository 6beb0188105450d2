//! The worked solution, under the same cases.

#[path = "../cases/ex09_heartbeat.rs"]
mod cases;

use engine_io::solutions::ex09_heartbeat as subject;
