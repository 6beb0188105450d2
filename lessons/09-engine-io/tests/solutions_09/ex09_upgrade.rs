//! The worked solution, under the same cases.

#[path = "../cases/ex09_upgrade.rs"]
mod cases;

use engine_io::solutions::ex09_upgrade as subject;
