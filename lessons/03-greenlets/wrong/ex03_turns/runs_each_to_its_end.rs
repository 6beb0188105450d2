//! Caught by: two_tasks_take_turns
//!
//! Runs the first task to its end before the second starts.

use std::collections::VecDeque;

/// Returns what the tasks yield, one number from each in turn.
pub fn in_turns(tasks: Vec<impl Iterator<Item = u32>>) -> Vec<u32> {
    let mut waiting = VecDeque::from(tasks);
    let mut yielded = Vec::new();
    while let Some(mut task) = waiting.pop_front() {
        if let Some(number) = task.next() {
            yielded.push(number);
            waiting.push_front(task);
        }
    }
    yielded
}
