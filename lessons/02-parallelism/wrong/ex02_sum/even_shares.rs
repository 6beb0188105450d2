//! Caught by: an_idle_worker_takes_the_next_piece
//!
//! Each worker gets a fixed share of the pieces.

use std::thread;

/// Returns the sum of all pieces, modulo 2⁶⁴.
pub fn sum(pieces: &[&[u64]], workers: usize, add: impl Fn(&[u64]) -> u64 + Sync) -> u64 {
    let share = pieces.len().div_ceil(workers.max(1)).max(1);
    let add = &add;
    thread::scope(|scope| {
        let workers: Vec<_> = pieces
            .chunks(share)
            .map(|share| {
                scope.spawn(move || {
                    share
                        .iter()
                        .map(|piece| add(piece))
                        .fold(0, u64::wrapping_add)
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("adding does not panic"))
            .fold(0, u64::wrapping_add)
    })
}
