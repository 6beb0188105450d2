//! The worked solution, under the same cases.

#[path = "../cases/ex02_reduce.rs"]
mod cases;

use parallelism::solutions::ex02_reduce as subject;
