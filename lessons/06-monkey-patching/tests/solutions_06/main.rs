//! The worked solutions, each under the cases of its exercise.

mod ex06_decide;
mod ex06_send;
mod ex06_wait_table;
