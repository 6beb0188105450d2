//! Caught by: each_runs_only_in_its_turn
//!
//! Each is run to its end first, and only the numbers take turns.

use std::collections::VecDeque;

use generator::LocalGenerator;

/// What the generators yield, taken in turns.
pub fn in_turns(tasks: Vec<LocalGenerator<'_, (), u32>>) -> Vec<u32> {
    let mut collected: Vec<VecDeque<u32>> = tasks
        .into_iter()
        .map(|mut task| std::iter::from_fn(|| task.resume()).collect())
        .collect();
    let mut waiting: VecDeque<_> = collected.drain(..).collect();
    let mut yielded = Vec::new();
    while let Some(mut task) = waiting.pop_front() {
        if let Some(number) = task.pop_front() {
            yielded.push(number);
            waiting.push_back(task);
        }
    }
    yielded
}
