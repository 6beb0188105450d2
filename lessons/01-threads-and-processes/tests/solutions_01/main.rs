//! The worked solutions, each under the cases of its exercise.

mod ex01_feed;
mod ex01_squares;
mod ex01_supervisor;
