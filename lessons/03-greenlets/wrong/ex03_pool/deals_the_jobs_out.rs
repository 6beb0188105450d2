//! Caught by: a_slow_job_does_not_hold_up_the_others
//!
//! Divides the jobs among `limit` coroutines, so jobs queue up after a slow one.

use greenlets::spawn::reason;
use may::go;

/// A job of the pool.
pub type Job<T> = Box<dyn FnOnce() -> T + Send>;

/// Runs the jobs, at most `limit` at a time, and returns their results in order.
pub fn run<T: Send + 'static>(limit: usize, jobs: Vec<Job<T>>) -> Vec<Result<T, String>> {
    let mut dealt: Vec<Vec<(usize, Job<T>)>> = (0..limit).map(|_| Vec::new()).collect();
    for (index, job) in jobs.into_iter().enumerate() {
        dealt[index % limit].push((index, job));
    }
    let workers: Vec<_> = dealt
        .into_iter()
        .map(|mine| {
            go!(move || {
                let results = mine.into_iter().map(|(index, job)| {
                    let job = std::panic::AssertUnwindSafe(job);
                    let result = std::panic::catch_unwind(job);
                    (index, result.map_err(|panic| reason(&*panic)))
                });
                results.collect::<Vec<_>>()
            })
        })
        .collect();
    let mut results: Vec<_> = workers
        .into_iter()
        .flat_map(|worker| worker.join().unwrap())
        .collect();
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
