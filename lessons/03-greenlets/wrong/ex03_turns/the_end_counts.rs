//! Caught by: nothing_comes_of_nothing
//!
//! The end is taken for a number.

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
            yielded.push(0);
        }
    }
    yielded
}
