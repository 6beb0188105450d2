//! Caught by: no_tasks_and_empty_tasks_yield_nothing
//!
//! Takes `None` for the number 0.

use std::collections::VecDeque;

/// Returns what the tasks yield, one number from each in turn.
pub fn in_turns(tasks: Vec<impl Iterator<Item = u32>>) -> Vec<u32> {
    let mut waiting = VecDeque::from(tasks);
    let mut yielded = Vec::new();
    while let Some(mut task) = waiting.pop_front() {
        if let Some(number) = task.next() {
            yielded.push(number);
            waiting.push_back(task);
        } else {
            yielded.push(0);
        }
    }
    yielded
}
