//! The worked solution, under the same cases.

#[path = "../cases/ex01_supervisor.rs"]
mod cases;

use units::solutions::ex01_supervisor as subject;
