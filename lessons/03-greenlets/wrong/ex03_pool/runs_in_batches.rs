//! Caught by: a_slow_job_does_not_hold_up_the_others
//!
//! Starts `limit` jobs and waits for all of them before it starts the next `limit`.

use may::go;

/// A job of the pool.
pub type Job<T> = Box<dyn FnOnce() -> T + Send>;

/// Runs the jobs, at most `limit` at a time, and returns their results in order.
pub fn run<T: Send + 'static>(limit: usize, jobs: Vec<Job<T>>) -> Vec<Result<T, String>> {
    let mut results = Vec::new();
    let mut jobs = jobs.into_iter();
    loop {
        let batch: Vec<_> = jobs.by_ref().take(limit).map(|job| go!(job)).collect();
        if batch.is_empty() {
            return results;
        }
        results.extend(greenlets::spawn::join_all(batch));
    }
}
