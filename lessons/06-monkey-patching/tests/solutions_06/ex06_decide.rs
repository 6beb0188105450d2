//! Runs the same cases on the worked solution.

#[path = "../cases/ex06_decide.rs"]
mod cases;

use monkey_patching::solutions::ex06_decide as subject;
