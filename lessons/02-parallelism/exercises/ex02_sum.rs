//! # Add up, together
//!
//! Add up a list that is already cut into pieces, with `workers` threads. `add` computes
//! the sum of one piece; some pieces take longer than others.
//!
//! - An idle worker takes the next piece, in the order of the list, until none is left. Do
//!   not decide in advance who gets which piece.
//! - The workers run at the same time. There are never more than `workers` threads that
//!   call `add`; 0 workers count as 1.
//! - Return the sum of all pieces. It wraps around, as with `u64::wrapping_add`.
//!
//! Try it: `cargo test --test ex02_sum`

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Returns the sum of all pieces, modulo 2⁶⁴.
pub fn sum(pieces: &[&[u64]], workers: usize, add: impl Fn(&[u64]) -> u64 + Sync) -> u64 {
    // Delete this line: it only keeps the compiler quiet about what you do not use yet.
    let _ = (
        AtomicUsize::new(0),
        Ordering::Relaxed,
        thread::yield_now,
        &add,
    );
    todo!(
        "exercise ex02_sum: {} pieces, {workers} workers",
        pieces.len()
    )
}
