//! Caught by: an_ended_task_is_left_out
//!
//! Removes an ended task with `swap_remove`, which changes the order of the turns.

/// Returns what the tasks yield, one number from each in turn.
pub fn in_turns(mut tasks: Vec<impl Iterator<Item = u32>>) -> Vec<u32> {
    let mut yielded = Vec::new();
    while !tasks.is_empty() {
        let mut index = 0;
        while index < tasks.len() {
            if let Some(number) = tasks[index].next() {
                yielded.push(number);
                index += 1;
            } else {
                drop(tasks.swap_remove(index));
            }
        }
    }
    yielded
}
