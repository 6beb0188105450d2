//! The worked solutions, one module an exercise. Each can be put in the place of its
//! starter.

pub mod ex03_bounded;
pub mod ex03_pool;
pub mod ex03_turns;
