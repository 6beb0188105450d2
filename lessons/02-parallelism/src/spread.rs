//! The same work on all cores, in three ways: threads with even shares, threads with a
//! queue, and rayon.

use std::thread;

use rayon::prelude::*;

use crate::interpreter::compute;

/// The number of pieces that the work is cut into.
pub const PIECES: u64 = 64;

/// Does all pieces on one thread.
pub fn serial(rounds: u64) -> u64 {
    (0..PIECES)
        .map(|piece| compute(rounds + piece % 2))
        .fold(0, u64::wrapping_add)
}

// ANCHOR: threads
/// Gives each thread an equal share, decided in advance.
pub fn threads(workers: u64, rounds: u64) -> u64 {
    thread::scope(|scope| {
        let started: Vec<_> = (0..workers)
            .map(|worker| {
                scope.spawn(move || {
                    let share =
                        (worker..PIECES).step_by(usize::try_from(workers).unwrap_or(1));
                    share
                        .map(|piece| compute(rounds + piece % 2))
                        .fold(0, u64::wrapping_add)
                })
            })
            .collect();
        started
            .into_iter()
            .map(|worker| worker.join().unwrap_or(0))
            .fold(0, u64::wrapping_add)
    })
}
// ANCHOR_END: threads

// ANCHOR: rayon
/// Lets rayon split the range in halves; idle workers steal halves from busy ones.
pub fn rayon(pool: &rayon::ThreadPool, rounds: u64) -> u64 {
    pool.install(|| {
        (0..PIECES)
            .into_par_iter()
            .map(|piece| compute(rounds + piece % 2))
            .reduce(|| 0, u64::wrapping_add)
    })
}
// ANCHOR_END: rayon

// ANCHOR: queue
/// Lets each thread take the next piece whenever it is idle.
pub fn queue(workers: u64, rounds: u64) -> u64 {
    let (pieces, next) = crossbeam::channel::unbounded();
    (0..PIECES).for_each(|piece| {
        let _ = pieces.send(piece);
    });
    drop(pieces);
    thread::scope(|scope| {
        let started: Vec<_> = (0..workers)
            .map(|_| {
                let next = next.clone();
                scope.spawn(move || {
                    next.iter()
                        .map(|piece| compute(rounds + piece % 2))
                        .fold(0, u64::wrapping_add)
                })
            })
            .collect();
        started
            .into_iter()
            .map(|worker| worker.join().unwrap_or(0))
            .fold(0, u64::wrapping_add)
    })
}
// ANCHOR_END: queue
