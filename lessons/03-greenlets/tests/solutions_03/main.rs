//! The worked solutions, each under the cases of its exercise.

mod ex03_bounded;
mod ex03_pool;
mod ex03_turns;
#[path = "../support/mod.rs"]
mod support;
