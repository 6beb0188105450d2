//! The worked solutions, one module an exercise. Each can be put in the place of its starter.

pub mod ex05_timers;
