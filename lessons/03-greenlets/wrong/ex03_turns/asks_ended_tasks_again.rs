//! Caught by: an_ended_task_is_never_asked_again
//!
//! Goes over all tasks, also the ended ones, until a round yields nothing.

/// Returns what the tasks yield, one number from each in turn.
pub fn in_turns(mut tasks: Vec<impl Iterator<Item = u32>>) -> Vec<u32> {
    let mut yielded = Vec::new();
    loop {
        let before = yielded.len();
        for task in &mut tasks {
            yielded.extend(task.next());
        }
        if yielded.len() == before {
            return yielded;
        }
    }
}
