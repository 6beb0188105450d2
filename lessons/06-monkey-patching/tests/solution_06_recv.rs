//! The worked solution, under the same cases.

#[path = "cases/ex06_recv.rs"]
mod cases;

use monkey_patching::solutions::ex06_recv as subject;
