//! # Work for several threads
//!
//! Run `job` on every number, in `workers` threads at once, and return the results in the
//! order of the numbers.
//!
//! - Divide the numbers into runs of neighbors, one run for each thread. The lengths of
//!   the runs differ by at most one.
//! - `workers` is at least 1. If there are more workers than numbers, you need not start
//!   the threads that would have nothing to do.
//! - If `job` panics, `map` panics too.
//!
//! Try it: `cargo test --test ex01_squares`
#![allow(unused_imports, reason = "remove this line when you use all of them")]

use std::thread;

/// Returns `job` of each of `numbers`, in their order, computed by `workers` threads.
pub fn map(numbers: &[u64], workers: usize, job: impl Fn(u64) -> u64 + Sync) -> Vec<u64> {
    // Remove this line: it only tells the compiler that `job` will be used.
    let _ = &job;
    todo!(
        "exercise ex01_squares: {} numbers for {workers} threads",
        numbers.len()
    )
}
