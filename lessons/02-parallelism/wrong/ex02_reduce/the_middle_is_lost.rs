//! Caught by: every_addition_is_a_call_of_add
//!
//! With an odd length the middle number is in no half.

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
            let half = numbers.len() / 2;
            let (left, right) = (&numbers[..half], &numbers[numbers.len() - half..]);
            if workers < 2 {
                return add(sum(left, 1, add), sum(right, 1, add));
            }
            let part = workers / 2;
            thread::scope(|scope| {
                let left = scope.spawn(|| sum(left, part, add));
                let right = sum(right, workers - part, add);
                add(left.join().expect("adding does not panic"), right)
            })
        }
    }
}
