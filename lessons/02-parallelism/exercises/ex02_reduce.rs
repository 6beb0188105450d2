//! # The same sum, whoever adds
//!
//! Adding floating point numbers in another order gives another sum. Yet a sum in
//! parallel can be the same in each run, with any number of workers: if the *order of
//! adding* depends on the numbers alone, and not on who does it.
//!
//! Cut the list in halves, the left half the longer one if its length is odd; cut the
//! halves in halves, down to single numbers; and add on the way back: the sum of a list
//! is the sum of its left half plus that of its right half. An empty list has the sum 0.
//! Up to `workers` threads may work at a time, and the result must not depend on it, not
//! in a single bit.
//!
//! Try it: `cargo test --test ex02_reduce`

/// The sum in the order of halves, in up to `workers` threads.
pub fn sum(numbers: &[f64], workers: usize) -> f64 {
    todo!(
        "exercise ex02_reduce: {} numbers, {workers} workers",
        numbers.len()
    )
}
