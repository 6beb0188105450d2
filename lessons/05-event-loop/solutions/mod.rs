//! The worked solutions, one module an exercise. Each can be put in the place of its
//! starter.

pub mod ex05_executor;
pub mod ex05_line_echo;
pub mod ex05_timers;
