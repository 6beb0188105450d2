//! The worked solution, under the same cases.

#[path = "../cases/ex12_ring.rs"]
mod cases;

use cluster::solutions::ex12_ring as subject;
