//! The worked solutions, one module an exercise. Each can be put in the place of its
//! starter.

pub mod ex06_decide;
pub mod ex06_recv;
pub mod ex06_wait_table;
