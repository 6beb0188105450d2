//! Many jobs, and a few at a time: `gevent.pool.Group` and `Pool`.

use may::sync::Semphore;
use may::{coroutine, go};

/// Runs a job for each number, all at the same time, and waits for all of them. The job
/// can borrow values that outlive the call.
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the crate may does not export the type of a scoped handle"
)]
// ANCHOR: group
pub fn group(numbers: &[u64], job: impl Fn(u64) -> u64 + Sync) -> Vec<u64> {
    let job = &job;
    coroutine::scope(|scope| {
        let started: Vec<_> = numbers
            .iter()
            .map(|number| go!(scope, move || job(*number)))
            .collect();
        started.into_iter().map(|handle| handle.join()).collect()
    })
}
// ANCHOR_END: group

// ANCHOR: place
/// A place in the pool. Dropping it frees the place: at the end of a job, and also when
/// the job panics.
struct Place<'a>(&'a Semphore);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.post();
    }
}
// ANCHOR_END: place

// ANCHOR: pool
/// Does the same with at most `limit` jobs at a time. A semaphore counts the free places.
///
/// # Panics
/// When a job panics, after the others have ended.
pub fn pool(limit: usize, numbers: &[u64], job: impl Fn(u64) -> u64 + Sync) -> Vec<u64> {
    let places = Semphore::new(limit);
    group(numbers, |number| {
        places.wait();
        let _place = Place(&places);
        job(number)
    })
}
// ANCHOR_END: pool
