//! The worked solutions, each under the cases of its exercise.

mod ex05_cancel_safe;
mod ex05_executor;
mod ex05_line_echo;
mod ex05_timers;
