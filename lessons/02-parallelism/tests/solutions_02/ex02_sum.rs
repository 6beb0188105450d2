//! The worked solution, under the same cases.

#[path = "../cases/ex02_sum.rs"]
mod cases;

use parallelism::solutions::ex02_sum as subject;
