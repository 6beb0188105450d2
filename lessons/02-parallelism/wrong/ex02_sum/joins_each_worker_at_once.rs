//! Caught by: all_workers_run_at_the_same_time
//!
//! `map` is lazy: each worker is joined before the next one is started.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Returns the sum of all pieces, modulo 2⁶⁴.
pub fn sum(pieces: &[&[u64]], workers: usize, add: impl Fn(&[u64]) -> u64 + Sync) -> u64 {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut sum = 0_u64;
        while let Some(piece) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) {
            sum = sum.wrapping_add(add(piece));
        }
        sum
    };
    thread::scope(|scope| {
        (0..workers.max(1))
            .map(|_| scope.spawn(work))
            .map(|worker| worker.join().expect("adding does not panic"))
            .fold(0, u64::wrapping_add)
    })
}
