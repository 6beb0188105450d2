//! The worked solution, under the same cases.

#[path = "../cases/ex12_wire.rs"]
mod cases;

use cluster::solutions::ex12_wire as subject;
