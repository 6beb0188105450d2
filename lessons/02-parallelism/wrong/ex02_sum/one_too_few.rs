//! Caught by: every_number_counts_once
//!
//! The last number of each share is left out.

use std::thread;

/// The sum, modulo 2⁶⁴.
pub fn sum(numbers: &[u64], workers: usize) -> u64 {
    // At least 1: `chunks` cannot cut into nothing.
    let share = numbers.len().div_ceil(workers.max(1)).max(1);
    thread::scope(|scope| {
        let started: Vec<_> = numbers
            .chunks(share)
            .map(|chunk| {
                scope.spawn(|| {
                    chunk[..chunk.len() - 1]
                        .iter()
                        .copied()
                        .fold(0, u64::wrapping_add)
                })
            })
            .collect();
        started
            .into_iter()
            .map(|thread| thread.join().expect("adding does not panic"))
            .fold(0, u64::wrapping_add)
    })
}
