//! # A parallel sum that never changes
//!
//! Adding floating-point numbers in another order gives another sum. A parallel sum can
//! still be the same in every run and with any number of workers, if the *order of the
//! additions* depends only on the list.
//!
//! - Split the list into halves; if its length is odd, the left half is the longer one.
//!   Split the halves again, down to single numbers. The sum of a list is the sum of its
//!   left half plus the sum of its right half. The sum of one number is that number, and
//!   the sum of an empty list is 0.
//! - Every addition is a call `add(left, right)`.
//! - With two or more workers, the two halves are added up at the same time, each with its
//!   part of the workers. At most `workers` threads call `add` at the same time; 0 workers
//!   count as 1.
//! - The result must not depend on `workers`, not in a single bit.
//!
//! Try it: `cargo test --test ex02_reduce`

use std::thread;

/// Returns the sum in the order of halves, computed by up to `workers` threads.
pub fn sum(
    numbers: &[f64],
    workers: usize,
    add: &(impl Fn(f64, f64) -> f64 + Sync),
) -> f64 {
    // Delete this line: it only keeps the compiler quiet about what you do not use yet.
    let _ = (thread::yield_now, add);
    todo!(
        "exercise ex02_reduce: {} numbers, {workers} workers",
        numbers.len()
    )
}
