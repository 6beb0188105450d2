//! Caught by: results_are_in_the_order_of_the_numbers
//!
//! Results that arrive in any order can be sorted by their values.

use std::sync::mpsc;
use std::thread;

/// Returns `job` of each of `numbers`, in their order, computed by `workers` threads.
pub fn map(numbers: &[u64], workers: usize, job: impl Fn(u64) -> u64 + Sync) -> Vec<u64> {
    let (results, collected) = mpsc::channel();
    let mut all: Vec<_> = thread::scope(|scope| {
        let mut rest = numbers;
        for workers_left in (1..=workers).rev() {
            let (run, after) = rest.split_at(rest.len().div_ceil(workers_left));
            rest = after;
            let (results, job) = (results.clone(), &job);
            scope.spawn(move || {
                for number in run {
                    let _ = results.send(job(*number));
                }
            });
        }
        drop(results);
        collected.iter().collect()
    });
    all.sort_unstable();
    all
}
