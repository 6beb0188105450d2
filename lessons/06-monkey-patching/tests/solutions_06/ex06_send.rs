//! Runs the same cases on the worked solution.

#[path = "../cases/ex06_send.rs"]
mod cases;

use monkey_patching::solutions::ex06_send as subject;
