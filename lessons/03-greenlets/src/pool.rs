//! Many jobs, a few at a time: `gevent.pool.Group` and `Pool`.

use may::sync::Semphore;
use may::{coroutine, go};

// ANCHOR: group
/// Does a job for each number, all at once, and waits for all: a group. It may borrow
/// what lives longer than the call.
pub fn group(numbers: &[u64], job: impl Fn(u64) -> u64 + Sync) -> Vec<u64> {
    let job = &job;
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "may does not let us name the handle's type"
    )]
    coroutine::scope(|scope| {
        let started: Vec<_> = numbers
            .iter()
            .map(|number| go!(scope, move || job(*number)))
            .collect();
        started.into_iter().map(|handle| handle.join()).collect()
    })
}
// ANCHOR_END: group

// ANCHOR: pool
/// A place in the pool. It is free again when this goes, at the end of a job and also
/// when the job panics.
struct Place<'a>(&'a Semphore);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.post();
    }
}

/// The same, with at most `limit` jobs under way: a pool. A semaphore counts the free
/// places.
///
/// # Panics
/// When a job does, after the others are done.
pub fn pool(limit: usize, numbers: &[u64], job: impl Fn(u64) -> u64 + Sync) -> Vec<u64> {
    let places = Semphore::new(limit);
    group(numbers, |number| {
        places.wait();
        let _place = Place(&places);
        job(number)
    })
}
// ANCHOR_END: pool
