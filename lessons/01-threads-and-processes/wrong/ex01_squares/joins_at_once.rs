//! Caught by: all_workers_work_at_once
//!
//! Each thread is joined before the next one starts.

use std::thread;

/// `job` of each of `numbers`, in their order, done by `workers` threads.
pub fn map(numbers: &[u64], workers: usize, job: impl Fn(u64) -> u64 + Sync) -> Vec<u64> {
    let job = &job;
    let mut rest = numbers;
    thread::scope(|scope| {
        let started: Vec<_> = (1..=workers)
            .rev()
            .map(|left| {
                let (run, behind) = rest.split_at(rest.len().div_ceil(left));
                rest = behind;
                scope
                    .spawn(move || {
                        run.iter().map(|number| job(*number)).collect::<Vec<_>>()
                    })
                    .join()
                    .expect("no panic")
            })
            .collect();
        started.into_iter().flatten().collect()
    })
}
