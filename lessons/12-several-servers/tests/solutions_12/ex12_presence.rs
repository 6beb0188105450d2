//! The worked solution, under the same cases.

#[path = "../cases/ex12_presence.rs"]
mod cases;

use cluster::solutions::ex12_presence as subject;
