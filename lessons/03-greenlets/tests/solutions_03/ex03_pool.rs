//! The worked solution, put under the same cases.

#[path = "../cases/ex03_pool.rs"]
mod cases;

use greenlets::solutions::ex03_pool as subject;
