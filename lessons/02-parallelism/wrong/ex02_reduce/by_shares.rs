//! Caught by: workers_do_not_change_a_bit
//!
//! Each worker has a share, and the shares are added.

use std::thread;

/// The sum in the order of halves, in up to `workers` threads.
pub fn sum(numbers: &[f64], workers: usize) -> f64 {
    match numbers {
        [] => 0.0,
        [number] => *number,
        _ if workers > 1 => numbers
            .chunks(numbers.len().div_ceil(workers))
            .map(|share| sum(share, 1))
            .sum(),
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
