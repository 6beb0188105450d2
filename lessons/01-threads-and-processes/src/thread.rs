//! Threads: how one ends, borrowing, and handing over work.

use std::panic::resume_unwind;
use std::sync::mpsc;
use std::thread;

/// Starts a thread, waits for it, and returns its result or the text of its panic.
///
/// A panic ends only the thread that panics. `join` returns the panic as a value.
///
/// # Errors
/// Returns the panic's message if the thread panicked.
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
                .map_or_else(|_| "no message".into(), |text| (*text).into()),
        })
}
// ANCHOR_END: outcome

/// Sums the two halves of a list in two threads that *borrow* it.
///
/// `thread::scope` returns only after its threads have ended, so the compiler lets them
/// borrow whatever outlives the scope.
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

/// Runs `job` in `workers` threads, each with its own number, and collects the results in
/// the order in which they arrive: the standard library's channel has many senders and
/// one receiver.
// ANCHOR: channel
pub fn collect(workers: u64, job: impl Fn(u64) -> u64 + Sync) -> Vec<u64> {
    let (results, collected) = mpsc::channel();
    thread::scope(|scope| {
        for worker in 0..workers {
            let (results, job) = (results.clone(), &job);
            scope.spawn(move || results.send(job(worker)));
        }
        // The channel is closed when the last sender is dropped, and we still have one.
        drop(results);
        collected.iter().collect()
    })
}
// ANCHOR_END: channel

/// Lets `workers` threads take jobs from one queue until it is closed and empty. Returns
/// how many jobs each thread did.
///
/// crossbeam's channel has many receivers too: a free thread takes the next job. If a job
/// panics, this function panics too.
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
            // Waits while 16 jobs are queued. Fails only if no worker is left.
            if queue.send(number).is_err() {
                break;
            }
        }
        drop(queue);
        started
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}
// ANCHOR_END: queue
