//! Caught by: jobs_run_in_coroutines
//!
//! Starts a thread of the kernel for each job.

use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// A job of the pool.
pub type Job<T> = Box<dyn FnOnce() -> T + Send>;

/// A place in the pool. Dropping it frees the place.
struct Place(Arc<(Mutex<usize>, Condvar)>);

impl Drop for Place {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap() += 1;
        self.0.1.notify_one();
    }
}

/// Runs the jobs, at most `limit` at a time, and returns their results in order.
pub fn run<T: Send + 'static>(limit: usize, jobs: Vec<Job<T>>) -> Vec<Result<T, String>> {
    let places = Arc::new((Mutex::new(limit), Condvar::new()));
    let started: Vec<_> = jobs
        .into_iter()
        .map(|job| {
            let places = places.clone();
            thread::spawn(move || {
                let free = places.0.lock().unwrap();
                *places.1.wait_while(free, |free| *free == 0).unwrap() -= 1;
                let _place = Place(places);
                job()
            })
        })
        .collect();
    started
        .into_iter()
        .map(|job| {
            job.join()
                .map_err(|panic| greenlets::spawn::reason(&*panic))
        })
        .collect()
}
