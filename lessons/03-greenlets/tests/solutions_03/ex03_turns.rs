//! The worked solution, put under the same cases.

#[path = "../cases/ex03_turns.rs"]
mod cases;

use greenlets::solutions::ex03_turns as subject;
