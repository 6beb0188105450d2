//! Caught by: a_task_runs_only_in_its_turn
//!
//! Peeks at the next number to find out whether a task goes back into the queue.

use std::collections::VecDeque;

/// Returns what the tasks yield, one number from each in turn.
pub fn in_turns(tasks: Vec<impl Iterator<Item = u32>>) -> Vec<u32> {
    let mut waiting: VecDeque<_> = tasks.into_iter().map(Iterator::peekable).collect();
    let mut yielded = Vec::new();
    while let Some(mut task) = waiting.pop_front() {
        yielded.extend(task.next());
        if task.peek().is_some() {
            waiting.push_back(task);
        }
    }
    yielded
}
