//! Caught by: two_take_turns
//!
//! The first is run to its end before the second begins.

use std::collections::VecDeque;

use generator::LocalGenerator;

/// What the generators yield, taken in turns.
pub fn in_turns(tasks: Vec<LocalGenerator<'_, (), u32>>) -> Vec<u32> {
    let mut waiting = VecDeque::from(tasks);
    let mut yielded = Vec::new();
    while let Some(mut task) = waiting.pop_front() {
        if let Some(number) = task.resume() {
            yielded.push(number);
            waiting.push_front(task);
        }
    }
    yielded
}
