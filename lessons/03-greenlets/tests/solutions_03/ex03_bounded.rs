//! The worked solution, put under the same cases.

#[path = "../cases/ex03_bounded.rs"]
mod cases;

use greenlets::solutions::ex03_bounded as subject;
