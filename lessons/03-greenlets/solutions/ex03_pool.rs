//! A value's `drop` frees the place, so it is freed when the job returns and also when it
//! panics. Every coroutine waits for a place before it calls its job, so all of them can
//! be started at once.

use std::sync::Arc;

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
    let started = jobs
        .into_iter()
        .map(|job| {
            let places = places.clone();
            go!(move || {
                places.wait();
                let _place = Place(places);
                job()
            })
        })
        .collect();
    greenlets::spawn::join_all(started)
}
