//! Threads: starting, handing over work, borrowing, and how one ends.

use std::sync::mpsc;
use std::thread;

/// Starts a thread, waits for it, and gives what it returned or why it panicked.
///
/// A panic ends the thread and no other. The one who joins gets it as a value.
///
/// # Errors
/// What it panicked with.
// ANCHOR: outcome
pub fn outcome<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    thread::spawn(work)
        .join()
        .map_err(|panic| match panic.downcast::<String>() {
            Ok(text) => *text,
            Err(panic) => panic
                .downcast::<&str>()
                .map_or_else(|_| "something else".into(), |text| (*text).into()),
        })
}
// ANCHOR_END: outcome

/// Sums the halves of a list in two threads that *borrow* it.
///
/// `thread::scope` ends only when its threads have, so the compiler lets them borrow what
/// lives longer than the scope.
// ANCHOR: scope
pub fn sum_in_two(numbers: &[u64]) -> u64 {
    let (left, right) = numbers.split_at(numbers.len() / 2);
    thread::scope(|scope| {
        let left = scope.spawn(|| left.iter().sum::<u64>());
        let right: u64 = right.iter().sum();
        left.join().expect("a sum does not panic") + right
    })
}
// ANCHOR_END: scope

/// Has `workers` threads do a job for each number and collects what comes, in the order
/// in which it comes: std's channel has many senders and one receiver.
// ANCHOR: channel
pub fn collect(workers: u64, job: impl Fn(u64) -> u64 + Sync) -> Vec<u64> {
    let (results, collected) = mpsc::channel();
    thread::scope(|scope| {
        for worker in 0..workers {
            let (results, job) = (results.clone(), &job);
            scope.spawn(move || results.send(job(worker)));
        }
        // The channel ends when the last sender is gone, and we hold one.
        drop(results);
        collected.iter().collect()
    })
}
// ANCHOR_END: channel

/// Has `workers` threads take jobs from one queue until it is empty; how many each of
/// them did.
///
/// crossbeam's channel has many receivers too: whoever is free takes the next job.
// ANCHOR: queue
pub fn share(workers: usize, jobs: u64, job: impl Fn(u64) + Sync) -> Vec<u64> {
    let (queue, next) = crossbeam::channel::bounded(16);
    thread::scope(|scope| {
        let started: Vec<_> = (0..workers)
            .map(|_| {
                let (next, job) = (next.clone(), &job);
                scope.spawn(move || next.iter().map(job).count() as u64)
            })
            .collect();
        drop(next);
        for number in 0..jobs {
            // Waits while 16 jobs are in it: who makes work faster than it is done is
            // slowed down.
            if queue.send(number).is_err() {
                break;
            }
        }
        drop(queue);
        started
            .into_iter()
            .map(|worker| worker.join().unwrap_or(0))
            .collect()
    })
}
// ANCHOR_END: queue
