//! The worked solutions, one module per exercise. Each can replace its
//! starter.

pub mod ex02_gil;
pub mod ex02_reduce;
pub mod ex02_sum;
