//! Caught by: pieces_are_taken_in_order
//!
//! The pieces are taken from a `Vec` with `pop`.

use std::sync::Mutex;
use std::thread;

/// Returns the sum of all pieces, modulo 2⁶⁴.
pub fn sum(pieces: &[&[u64]], workers: usize, add: impl Fn(&[u64]) -> u64 + Sync) -> u64 {
    let next = Mutex::new(pieces.to_vec());
    let take = || next.lock().unwrap().pop();
    let work = || {
        let mut sum = 0_u64;
        while let Some(piece) = take() {
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
