//! Caught by: a_panic_becomes_an_err_with_its_message
//!
//! Starts the jobs in a scope, and a scope panics when one of its coroutines does.

use may::sync::Semphore;
use may::{coroutine, go};

/// A job of the pool.
pub type Job<T> = Box<dyn FnOnce() -> T + Send>;

/// A place in the pool. Dropping it frees the place.
struct Place<'a>(&'a Semphore);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.post();
    }
}

/// Runs the jobs, at most `limit` at a time, and returns their results in order.
pub fn run<T: Send + 'static>(limit: usize, jobs: Vec<Job<T>>) -> Vec<Result<T, String>> {
    let places = Semphore::new(limit);
    coroutine::scope(|scope| {
        let places = &places;
        let mut started = Vec::new();
        for job in jobs {
            started.push(go!(scope, move || {
                places.wait();
                let _place = Place(places);
                job()
            }));
        }
        started
            .into_iter()
            .map(|handle| Ok(handle.join()))
            .collect()
    })
}
