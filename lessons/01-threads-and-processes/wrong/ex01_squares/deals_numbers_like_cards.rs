//! Caught by: each_thread_gets_neighbors
//!
//! Each worker takes every `workers`-th number.

use std::panic::resume_unwind;
use std::thread;

/// Returns `job` of each of `numbers`, in their order, computed by `workers` threads.
pub fn map(numbers: &[u64], workers: usize, job: impl Fn(u64) -> u64 + Sync) -> Vec<u64> {
    let job = &job;
    let mut results = vec![0; numbers.len()];
    thread::scope(|scope| {
        let started: Vec<_> = (0..workers)
            .map(|worker| {
                scope.spawn(move || {
                    numbers
                        .iter()
                        .enumerate()
                        .skip(worker)
                        .step_by(workers)
                        .map(|(at, number)| (at, job(*number)))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        for thread in started {
            let done = thread.join().unwrap_or_else(|panic| resume_unwind(panic));
            for (at, result) in done {
                results[at] = result;
            }
        }
    });
    results
}
