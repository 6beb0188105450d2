//! # A round-robin scheduler
//!
//! A scheduler in a few lines. Each task yields numbers and then ends. A task is an
//! iterator: for a generator, `next` does the same as `resume`.
//!
//! - Ask the first task for one number, then the second, and so on; then start again with
//!   the first. Return all numbers in the order in which they came.
//! - A task that has ended (`None`) is left out from then on. Never ask it again: an
//!   iterator is free to panic, or to start over.
//! - Ask for a number only when it is the task's turn, and stop when all have ended.
//!
//! Try it: `cargo test --test ex03_turns`

/// Returns what the tasks yield, one number from each in turn.
pub fn in_turns(tasks: Vec<impl Iterator<Item = u32>>) -> Vec<u32> {
    todo!("exercise ex03_turns: {} tasks in turn", tasks.len())
}
