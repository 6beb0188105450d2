//! The worked solutions, one module per exercise. Each can stand in for its starter.

pub mod ex05_cancel_safe;
pub mod ex05_executor;
pub mod ex05_line_echo;
pub mod ex05_timers;
