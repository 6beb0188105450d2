//! The worked solution, under the same cases.

#[path = "../cases/ex09_budget.rs"]
mod cases;

use engine_io::solutions::ex09_budget as subject;
