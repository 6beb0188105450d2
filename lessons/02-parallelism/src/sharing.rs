//! False sharing: two counters that nobody shares, in a line of memory that two cores do.
//!
//! A core does not fetch a number, it fetches a line of 64 bytes, and who writes takes
//! the line away from all others. Two counters that lie side by side are two numbers and
//! one line.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crossbeam::utils::CachePadded;

// ANCHOR: sharing
/// Each thread raises a counter of its own, and all counters lie side by side.
pub fn side_by_side(threads: usize, times: u64) -> Vec<u64> {
    let counters: Vec<AtomicU64> = (0..threads).map(|_| AtomicU64::new(0)).collect();
    raise(&counters, times, |counter| counter);
    counters.into_iter().map(AtomicU64::into_inner).collect()
}

/// The same, with each counter in a line of its own.
pub fn apart(threads: usize, times: u64) -> Vec<u64> {
    let counters: Vec<CachePadded<AtomicU64>> = (0..threads)
        .map(|_| CachePadded::new(AtomicU64::new(0)))
        .collect();
    raise(&counters, times, |counter| counter);
    counters
        .into_iter()
        .map(|counter| CachePadded::into_inner(counter).into_inner())
        .collect()
}

fn raise<C: Sync>(counters: &[C], times: u64, place: fn(&C) -> &AtomicU64) {
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
