//! Caught by: all_workers_work_at_once
//!
//! The work happens before a thread is started for it.

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
                let done = run.iter().map(|number| job(*number)).collect::<Vec<_>>();
                scope.spawn(move || done)
            })
            .collect();
        started
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}
