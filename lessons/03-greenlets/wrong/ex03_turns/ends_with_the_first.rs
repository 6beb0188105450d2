//! Caught by: who_has_ended_is_left_out
//!
//! When one ends, all end.

use std::collections::VecDeque;

use generator::LocalGenerator;

/// What the generators yield, taken in turns.
pub fn in_turns(tasks: Vec<LocalGenerator<'_, (), u32>>) -> Vec<u32> {
    let mut waiting = VecDeque::from(tasks);
    let mut yielded = Vec::new();
    while let Some(mut task) = waiting.pop_front() {
        if let Some(number) = task.resume() {
            yielded.push(number);
            waiting.push_back(task);
        } else {
            break;
        }
    }
    yielded
}
