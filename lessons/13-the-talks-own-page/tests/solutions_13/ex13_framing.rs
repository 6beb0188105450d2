//! The worked solution, under the same cases.

#[path = "../cases/ex13_framing.rs"]
mod cases;

use heritage::solutions::ex13_framing as subject;
