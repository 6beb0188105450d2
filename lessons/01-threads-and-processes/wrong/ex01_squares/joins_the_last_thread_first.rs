//! Caught by: results_are_in_the_order_of_the_numbers
//!
//! The order of joining does not matter.

use std::panic::resume_unwind;
use std::thread;

/// Returns `job` of each of `numbers`, in their order, computed by `workers` threads.
pub fn map(numbers: &[u64], workers: usize, job: impl Fn(u64) -> u64 + Sync) -> Vec<u64> {
    let job = &job;
    let mut rest = numbers;
    thread::scope(|scope| {
        let started: Vec<_> = (1..=workers)
            .rev()
            .map(|workers_left| {
                let (run, after) = rest.split_at(rest.len().div_ceil(workers_left));
                rest = after;
                scope.spawn(move || {
                    run.iter().map(|number| job(*number)).collect::<Vec<_>>()
                })
            })
            .collect();
        started
            .into_iter()
            .rev()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}
