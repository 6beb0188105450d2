//! Caught by: workers_do_not_change_a_bit
//!
//! Each worker adds its share, and the shares are added.

use std::thread;

/// Returns the sum in the order of halves, computed by up to `workers` threads.
pub fn sum(
    numbers: &[f64],
    workers: usize,
    add: &(impl Fn(f64, f64) -> f64 + Sync),
) -> f64 {
    if numbers.is_empty() {
        return 0.0;
    }
    let share = numbers.len().div_ceil(workers.max(1));
    let fold = |share: &[f64]| {
        share[1..]
            .iter()
            .fold(share[0], |left, right| add(left, *right))
    };
    if workers < 2 {
        return match numbers {
            [number] => *number,
            _ => {
                let (left, right) = numbers.split_at(numbers.len().div_ceil(2));
                add(sum(left, 1, add), sum(right, 1, add))
            }
        };
    }
    thread::scope(|scope| {
        let shares: Vec<_> = numbers
            .chunks(share)
            .map(|share| scope.spawn(move || fold(share)))
            .collect();
        let mut sums = shares.into_iter().map(|share| share.join().unwrap());
        let first = sums.next().unwrap_or(0.0);
        sums.fold(first, add)
    })
}
