//! Caught by: no_more_threads_add_than_there_are_workers
//!
//! Every split starts a thread, however many workers there are.

use std::thread;

/// Returns the sum in the order of halves, computed by up to `workers` threads.
pub fn sum(
    numbers: &[f64],
    workers: usize,
    add: &(impl Fn(f64, f64) -> f64 + Sync),
) -> f64 {
    match numbers {
        [] => 0.0,
        [number] => *number,
        _ => {
            let (left, right) = numbers.split_at(numbers.len().div_ceil(2));
            let half = workers / 2;
            thread::scope(|scope| {
                let left = scope.spawn(|| sum(left, half, add));
                let right = sum(right, workers - half, add);
                add(left.join().expect("adding does not panic"), right)
            })
        }
    }
}
