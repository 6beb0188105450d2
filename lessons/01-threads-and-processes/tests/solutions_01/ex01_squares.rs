//! The worked solution, under the same cases.

#[path = "../cases/ex01_squares.rs"]
mod cases;

use units::solutions::ex01_squares as subject;
