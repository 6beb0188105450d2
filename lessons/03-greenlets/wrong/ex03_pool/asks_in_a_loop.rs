//! Caught by: a_waiting_job_leaves_its_worker_free
//!
//! Asks for a place in a loop: no coroutine that is started later gets the worker.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use may::{coroutine, go};

/// A job of the pool.
pub type Job<T> = Box<dyn FnOnce() -> T + Send>;

/// A place in the pool. Dropping it frees the place.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Runs the jobs, at most `limit` at a time, and returns their results in order.
pub fn run<T: Send + 'static>(limit: usize, jobs: Vec<Job<T>>) -> Vec<Result<T, String>> {
    let places = Arc::new(AtomicUsize::new(limit));
    let started = jobs
        .into_iter()
        .map(|job| {
            let places = places.clone();
            go!(move || {
                let one_less = |free: usize| free.checked_sub(1);
                let order = Ordering::SeqCst;
                while places.fetch_update(order, order, one_less).is_err() {
                    coroutine::yield_now();
                }
                let _place = Place(places);
                job()
            })
        })
        .collect();
    greenlets::spawn::join_all(started)
}
