//! Runs the same cases on the worked solution.

#[path = "../cases/ex06_wait_table.rs"]
mod cases;

use monkey_patching::solutions::ex06_wait_table as subject;
