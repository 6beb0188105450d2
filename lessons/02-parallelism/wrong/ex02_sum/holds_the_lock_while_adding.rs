//! Caught by: all_workers_run_at_the_same_time
//!
//! The guard in `while let` lives until the end of the body, so only one worker adds.

use std::sync::Mutex;
use std::thread;

/// Returns the sum of all pieces, modulo 2⁶⁴.
pub fn sum(pieces: &[&[u64]], workers: usize, add: impl Fn(&[u64]) -> u64 + Sync) -> u64 {
    let next = Mutex::new(pieces.iter());
    let work = || {
        let mut sum = 0_u64;
        while let Some(piece) = next.lock().unwrap().next() {
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
