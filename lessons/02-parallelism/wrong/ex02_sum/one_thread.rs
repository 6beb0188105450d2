//! Caught by: all_workers_run_at_the_same_time
//!
//! Nothing runs in a thread.

/// Returns the sum of all pieces, modulo 2⁶⁴.
pub fn sum(pieces: &[&[u64]], workers: usize, add: impl Fn(&[u64]) -> u64 + Sync) -> u64 {
    let _ = workers;
    pieces
        .iter()
        .map(|piece| add(piece))
        .fold(0, u64::wrapping_add)
}
