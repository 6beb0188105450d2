//! Caught by: results_are_in_the_order_of_the_jobs
//!
//! Collects the results in the order in which the jobs end.

use std::sync::{Arc, Mutex};

use may::go;
use may::sync::Semphore;

/// A job of the pool.
pub type Job<T> = Box<dyn FnOnce() -> T + Send>;

/// A place in the pool. Dropping it frees the place.
struct Place(Arc<Semphore>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.post();
    }
}

/// Runs the jobs, at most `limit` at a time, and returns their results in order.
pub fn run<T: Send + 'static>(limit: usize, jobs: Vec<Job<T>>) -> Vec<Result<T, String>> {
    let places = Arc::new(Semphore::new(limit));
    let results = Arc::new(Mutex::new(Vec::new()));
    let started = jobs
        .into_iter()
        .map(|job| {
            let (places, results) = (places.clone(), results.clone());
            go!(move || {
                places.wait();
                let _place = Place(places);
                let result = job();
                results.lock().unwrap().push(Ok(result));
            })
        })
        .collect();
    let ended = greenlets::spawn::join_all(started);
    let mut results = std::mem::take(&mut *results.lock().unwrap());
    results.extend(ended.into_iter().filter_map(Result::err).map(Err));
    results
}
