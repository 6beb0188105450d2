//! # A pool that survives its jobs
//!
//! Run all jobs in coroutines, at most `limit` of them at the same time, and give their
//! results in the order of the jobs. A job that panics gives `Err` with its message, and
//! its place in the pool is free again: the others must not wait for it for ever.
//!
//! Try it: `cargo test --test ex03_pool`

/// A job.
pub type Job<T> = Box<dyn FnOnce() -> T + Send>;

/// Runs the jobs, at most `limit` at a time.
pub fn run<T: Send + 'static>(limit: usize, jobs: Vec<Job<T>>) -> Vec<Result<T, String>> {
    let _ = greenlets::spawn::reason;
    todo!("exercise ex03_pool: {} jobs, {limit} at a time", jobs.len())
}
