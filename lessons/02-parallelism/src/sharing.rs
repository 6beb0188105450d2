//! False sharing: two threads that share no counter, but whose counters share a cache line.
//!
//! A core does not fetch single numbers from memory. It fetches a *cache line* of 64 bytes
//! (128 on some processors), and before it writes to the line, it takes the line away from
//! all other cores. Two counters side by side are two numbers in one line.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crossbeam::utils::CachePadded;

// ANCHOR: sharing
// ANCHOR: side_by_side
/// Increments one counter per thread; the counters lie side by side in memory.
pub fn side_by_side(threads: usize, times: u64) -> Vec<u64> {
    let counters: Vec<AtomicU64> = (0..threads).map(|_| AtomicU64::new(0)).collect();
    increment(&counters, times, |counter| counter);
    counters.into_iter().map(AtomicU64::into_inner).collect()
}
// ANCHOR_END: side_by_side

/// Does the same with each counter in its own cache line.
pub fn apart(threads: usize, times: u64) -> Vec<u64> {
    let counters: Vec<CachePadded<AtomicU64>> = (0..threads)
        .map(|_| CachePadded::new(AtomicU64::new(0)))
        .collect();
    increment(&counters, times, |counter| counter);
    counters
        .into_iter()
        .map(|counter| CachePadded::into_inner(counter).into_inner())
        .collect()
}

fn increment<C: Sync>(counters: &[C], times: u64, place: fn(&C) -> &AtomicU64) {
    thread::scope(|scope| {
        for counter in counters {
            scope.spawn(move || {
                for _ in 0..times {
                    place(counter).fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
}
// ANCHOR_END: sharing
