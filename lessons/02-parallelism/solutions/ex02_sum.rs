//! One atomic counter is the whole queue: `fetch_add` returns the old value, so each index
//! goes to exactly one worker. `Relaxed` is enough, because the counter guards no other
//! data: the pieces never change. All workers are started before the first is joined.

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
        let workers: Vec<_> = (0..workers.max(1)).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("adding does not panic"))
            .fold(0, u64::wrapping_add)
    })
}
