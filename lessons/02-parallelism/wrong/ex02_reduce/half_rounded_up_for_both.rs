//! Caught by: no_more_threads_add_than_there_are_workers
//!
//! Both halves get the larger half of the workers: 8 threads for 5 workers.

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
            if workers < 2 {
                return add(sum(left, 1, add), sum(right, 1, add));
            }
            let half = workers.div_ceil(2);
            thread::scope(|scope| {
                let left = scope.spawn(|| sum(left, half, add));
                let right = sum(right, half, add);
                add(left.join().expect("adding does not panic"), right)
            })
        }
    }
}
