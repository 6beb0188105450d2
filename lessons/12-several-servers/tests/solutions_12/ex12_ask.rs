//! The worked solution, under the same cases.

#[path = "../cases/ex12_ask.rs"]
mod cases;

use cluster::solutions::ex12_ask as subject;
