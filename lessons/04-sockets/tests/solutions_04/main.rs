//! The worked solutions, each under the cases of its exercise.

mod ex04_echo_server;
mod ex04_read_line;
mod ex04_write_all;
