//! Caught by: the_halves_are_added_up_at_the_same_time
//!
//! Nothing runs in a thread.

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
            add(sum(left, workers, add), sum(right, workers, add))
        }
    }
}
