//! The worked solutions, one module per exercise. Each file can replace its starter.

pub mod ex04_echo_server;
pub mod ex04_read_line;
pub mod ex04_write_all;
