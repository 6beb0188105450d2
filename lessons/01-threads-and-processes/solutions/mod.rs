//! The worked solutions, one module for each exercise. Each can replace its starter.

pub mod ex01_feed;
pub mod ex01_squares;
pub mod ex01_supervisor;
