//! # Add up, together
//!
//! Sum a list of numbers in `workers` threads: each takes a run of neighbouring numbers,
//! and their sums are added. The sum may wrap around, as `u64::wrapping_add` does. There
//! may be fewer numbers than workers; 0 workers count as 1.
//!
//! Try it: `cargo test --test ex02_sum`

/// The sum, modulo 2⁶⁴.
pub fn sum(numbers: &[u64], workers: usize) -> u64 {
    todo!(
        "exercise ex02_sum: {} numbers, {workers} workers",
        numbers.len()
    )
}
