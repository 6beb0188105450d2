//! Caught by: the_order_is_that_of_halves
//!
//! The numbers are added from left to right.

use std::thread;

/// Returns the sum in the order of halves, computed by up to `workers` threads.
pub fn sum(
    numbers: &[f64],
    workers: usize,
    add: &(impl Fn(f64, f64) -> f64 + Sync),
) -> f64 {
    let _ = (workers, thread::yield_now);
    let mut numbers = numbers.iter().copied();
    let first = numbers.next().unwrap_or(0.0);
    numbers.fold(first, add)
}
