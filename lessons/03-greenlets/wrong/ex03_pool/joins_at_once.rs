//! Caught by: the_places_are_used
//!
//! Each is joined before the next one starts.

use std::sync::Arc;

use may::go;
use may::sync::Semphore;

/// A job.
pub type Job<T> = Box<dyn FnOnce() -> T + Send>;

/// A place in the pool. It is free again when this goes.
struct Place(Arc<Semphore>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.post();
    }
}

/// Runs the jobs, at most `limit` at a time.
pub fn run<T: Send + 'static>(limit: usize, jobs: Vec<Job<T>>) -> Vec<Result<T, String>> {
    let places = Arc::new(Semphore::new(limit));
    jobs.into_iter()
        .map(|job| {
            let places = places.clone();
            let started = go!(move || {
                places.wait();
                let _place = Place(places);
                job()
            });
            greenlets::spawn::join_all(vec![started]).remove(0)
        })
        .collect()
}
