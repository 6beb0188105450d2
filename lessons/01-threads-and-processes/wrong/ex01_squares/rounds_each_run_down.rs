//! Caught by: every_number_is_done
//!
//! Dividing the length by the number of workers leaves nothing over.

use std::panic::resume_unwind;
use std::thread;

/// Returns `job` of each of `numbers`, in their order, computed by `workers` threads.
pub fn map(numbers: &[u64], workers: usize, job: impl Fn(u64) -> u64 + Sync) -> Vec<u64> {
    let job = &job;
    let mut rest = numbers;
    thread::scope(|scope| {
        let started: Vec<_> = (1..=workers)
            .rev()
            .map(|_| {
                let (run, after) = rest.split_at(numbers.len() / workers);
                rest = after;
                scope.spawn(move || {
                    run.iter().map(|number| job(*number)).collect::<Vec<_>>()
                })
            })
            .collect();
        started
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}
