//! The tree of halves is the same for all; only where a branch is handed to another
//! thread depends on the workers. Each branch gets half of them, so there are never more
//! than were asked for.

use std::thread;

/// The sum in the order of halves, in up to `workers` threads.
pub fn sum(numbers: &[f64], workers: usize) -> f64 {
    match numbers {
        [] => 0.0,
        [number] => *number,
        _ => {
            let (left, right) = numbers.split_at(numbers.len().div_ceil(2));
            if workers < 2 {
                return sum(left, 1) + sum(right, 1);
            }
            thread::scope(|scope| {
                let left = scope.spawn(|| sum(left, workers / 2));
                let right = sum(right, workers - workers / 2);
                left.join().expect("adding does not panic") + right
            })
        }
    }
}
