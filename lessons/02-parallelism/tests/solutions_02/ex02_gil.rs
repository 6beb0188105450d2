//! The worked solution, under the same cases.

#[path = "../cases/ex02_gil.rs"]
mod cases;

use parallelism::solutions::ex02_gil as subject;
