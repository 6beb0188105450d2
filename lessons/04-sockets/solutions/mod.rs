//! The worked solutions, one module an exercise. Each can be put in the place of its
//! starter.

pub mod ex04_echo_server;
pub mod ex04_read_line;
pub mod ex04_write_all;
