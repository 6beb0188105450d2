//! Caught by: a_task_runs_only_in_its_turn
//!
//! Collects all numbers first; only the numbers take turns.

use std::collections::VecDeque;

/// Returns what the tasks yield, one number from each in turn.
pub fn in_turns(tasks: Vec<impl Iterator<Item = u32>>) -> Vec<u32> {
    let mut waiting: VecDeque<VecDeque<u32>> =
        tasks.into_iter().map(Iterator::collect).collect();
    let mut yielded = Vec::new();
    while let Some(mut task) = waiting.pop_front() {
        if let Some(number) = task.pop_front() {
            yielded.push(number);
            waiting.push_back(task);
        }
    }
    yielded
}
