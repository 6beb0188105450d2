//! The worked solutions, a module for each exercise. Each file can replace its starter.

pub mod ex03_bounded;
pub mod ex03_pool;
pub mod ex03_turns;
