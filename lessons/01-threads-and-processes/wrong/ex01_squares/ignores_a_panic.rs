//! Caught by: a_panicking_job_makes_map_panic
//!
//! A thread that panicked has no results, so it can be left out.

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
            .flat_map(|thread| thread.join().unwrap_or_default())
            .collect()
    })
}
