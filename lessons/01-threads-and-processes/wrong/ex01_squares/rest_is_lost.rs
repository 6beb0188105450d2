//! Caught by: no_number_is_left_over
//!
//! The length of a run is rounded down.

use std::thread;

/// `job` of each of `numbers`, in their order, done by `workers` threads.
pub fn map(numbers: &[u64], workers: usize, job: impl Fn(u64) -> u64 + Sync) -> Vec<u64> {
    let job = &job;
    let mut rest = numbers;
    thread::scope(|scope| {
        let started: Vec<_> = (1..=workers)
            .rev()
            .map(|left| {
                let (run, behind) =
                    rest.split_at(rest.len().min(numbers.len() / workers));
                rest = behind;
                scope.spawn(move || {
                    run.iter().map(|number| job(*number)).collect::<Vec<_>>()
                })
            })
            .collect();
        started
            .into_iter()
            .flat_map(|thread| thread.join().expect("the job does not panic"))
            .collect()
    })
}
