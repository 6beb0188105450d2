//! Caught by: an_ended_task_is_left_out
//!
//! Removes an ended task from the list and skips the one that takes its index.

/// Returns what the tasks yield, one number from each in turn.
pub fn in_turns(mut tasks: Vec<impl Iterator<Item = u32>>) -> Vec<u32> {
    let mut yielded = Vec::new();
    while !tasks.is_empty() {
        let mut index = 0;
        while index < tasks.len() {
            match tasks[index].next() {
                Some(number) => yielded.push(number),
                None => drop(tasks.remove(index)),
            }
            index += 1;
        }
    }
    yielded
}
