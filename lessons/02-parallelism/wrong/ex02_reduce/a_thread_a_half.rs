//! Caught by: no_more_threads_than_workers
//!
//! Each half gets a thread, down to a thousand numbers.

use std::thread;

/// The sum in the order of halves, in up to `workers` threads.
pub fn sum(numbers: &[f64], workers: usize) -> f64 {
    match numbers {
        [] => 0.0,
        [number] => *number,
        _ => {
            let (left, right) = numbers.split_at(numbers.len().div_ceil(2));
            if numbers.len() < 1_000 || workers == 1 {
                return sum(left, 1) + sum(right, 1);
            }
            thread::scope(|scope| {
                let left = scope.spawn(|| sum(left, workers));
                let right = sum(right, workers);
                left.join().expect("adding does not panic") + right
            })
        }
    }
}
