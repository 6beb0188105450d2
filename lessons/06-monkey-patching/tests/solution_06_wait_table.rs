//! The worked solution, under the same cases.

#[path = "cases/ex06_wait_table.rs"]
mod cases;

use monkey_patching::solutions::ex06_wait_table as subject;
