//! Caught by: runs_differ_in_length_by_at_most_one
//!
//! Each number gets its own thread, however many workers there are.

use std::panic::resume_unwind;
use std::thread;

/// Returns `job` of each of `numbers`, in their order, computed by `workers` threads.
pub fn map(numbers: &[u64], workers: usize, job: impl Fn(u64) -> u64 + Sync) -> Vec<u64> {
    let job = &job;
    let _ = workers;
    thread::scope(|scope| {
        let started: Vec<_> = numbers
            .iter()
            .map(|number| scope.spawn(move || job(*number)))
            .collect();
        started
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}
