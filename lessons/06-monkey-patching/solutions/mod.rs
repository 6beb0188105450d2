//! The worked solutions, one module per exercise. Each can replace the starter of the
//! same name.

pub mod ex06_decide;
pub mod ex06_send;
pub mod ex06_wait_table;
