//! Caught by: every_addition_is_a_call_of_add
//!
//! The last addition does not call `add`.

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
            let half = workers / 2;
            thread::scope(|scope| {
                let left = scope.spawn(|| sum(left, half, add));
                let right = sum(right, workers - half, add);
                left.join().expect("adding does not panic") + right
            })
        }
    }
}
