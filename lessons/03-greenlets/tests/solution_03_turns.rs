//! The worked solution, under the same cases.

#[path = "cases/ex03_turns.rs"]
mod cases;

use greenlets::solutions::ex03_turns as subject;
