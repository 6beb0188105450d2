//! Results that are the same in every run, and effects that are not.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

/// Returns the order in which a pool finishes its pieces: an idle worker takes the next.
pub fn order_of_effects(pool: &rayon::ThreadPool, pieces: u32) -> Vec<u32> {
    order_of(pool, pieces, |piece, _| {
        crate::interpreter::compute(u64::from(piece % 7) * 1_000);
    })
}

/// Returns the order in which a pool finishes pieces that each do `work`, which can ask
/// whether another piece is already finished.
pub fn order_of(
    pool: &rayon::ThreadPool,
    pieces: u32,
    work: impl Fn(u32, &dyn Fn(u32) -> bool) + Sync,
) -> Vec<u32> {
    let order = Mutex::new(Vec::new());
    let lock = || order.lock().unwrap_or_else(PoisonError::into_inner);
    pool.install(|| {
        (0..pieces).into_par_iter().for_each(|piece| {
            work(piece, &|other| lock().contains(&other));
            lock().push(piece);
        });
    });
    order.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Returns what a pool *collects*: always in order, no matter which worker computed what.
pub fn order_of_results(pool: &rayon::ThreadPool, pieces: u32) -> Vec<u32> {
    pool.install(|| (0..pieces).into_par_iter().map(|piece| piece * 2).collect())
}

/// Returns numbers whose sum depends on the order of the additions: small among large.
pub fn tricky(count: u32) -> Vec<f64> {
    (0..count)
        .map(|n| {
            if n % 3 == 0 {
                1e16
            } else if n % 3 == 1 {
                -1e16
            } else {
                f64::from(n) * 0.1
            }
        })
        .collect()
}

// ANCHOR: sums
/// Adds from left to right: the same sum in every run.
pub fn sum_in_order(numbers: &[f64]) -> f64 {
    numbers.iter().fold(0.0, |sum, number| sum + number)
}

/// Adds `workers` shares and then their sums: another order, and another sum.
pub fn sum_in_shares(numbers: &[f64], workers: usize) -> f64 {
    numbers
        .chunks(numbers.len().div_ceil(workers.max(1)).max(1))
        .map(sum_in_order)
        .fold(0.0, |sum, share| sum + share)
}
// ANCHOR_END: sums
