//! The worked solutions, one module an exercise. Each can be put in the place of its
//! starter.

pub mod ex02_gil;
pub mod ex02_reduce;
pub mod ex02_sum;
