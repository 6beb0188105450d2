//! The worked solutions, each under the cases of its exercise.

mod ex02_gil;
mod ex02_reduce;
mod ex02_sum;
