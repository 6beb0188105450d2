//! Caught by: an_idle_worker_takes_the_next_piece
//!
//! The pieces are dealt to the workers in turn, before any of them starts.

use std::thread;

/// Returns the sum of all pieces, modulo 2⁶⁴.
pub fn sum(pieces: &[&[u64]], workers: usize, add: impl Fn(&[u64]) -> u64 + Sync) -> u64 {
    let (count, add) = (workers.max(1), &add);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..count)
            .map(|worker| {
                scope.spawn(move || {
                    pieces
                        .iter()
                        .skip(worker)
                        .step_by(count)
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
