//! Caught by: there_are_no_more_threads_than_workers
//!
//! Every piece gets its own thread.

use std::thread;

/// Returns the sum of all pieces, modulo 2⁶⁴.
pub fn sum(pieces: &[&[u64]], workers: usize, add: impl Fn(&[u64]) -> u64 + Sync) -> u64 {
    let (_, add) = (workers, &add);
    thread::scope(|scope| {
        let started: Vec<_> = pieces
            .iter()
            .map(|piece| scope.spawn(move || add(piece)))
            .collect();
        started
            .into_iter()
            .map(|thread| thread.join().expect("adding does not panic"))
            .fold(0, u64::wrapping_add)
    })
}
