//! The worked solutions, one module an exercise. Each can be put in the place of its
//! starter.

pub mod ex01_feed;
pub mod ex01_squares;
pub mod ex01_supervisor;
