//! What `run` has to do. The sections are those of chapter 3.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use may::sync::SyncFlag;
use may::{coroutine, go};

use super::subject::{Job, run};
use crate::support::{on_one_worker, same};

/// Runs the pool in a coroutine on the only worker.
fn results<T: Send + 'static>(
    limit: usize,
    hint: &str,
    jobs: Vec<Job<T>>,
) -> Vec<Result<T, String>> {
    on_one_worker(hint, move || run(limit, jobs))
}

/// Counts how many jobs run at the same time, at most.
#[derive(Default)]
struct Gauge {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Gauge {
    fn job(self: &Arc<Self>) -> Job<()> {
        let gauge = self.clone();
        Box::new(move || {
            let now = gauge.now.fetch_add(1, Ordering::SeqCst) + 1;
            gauge.most.fetch_max(now, Ordering::SeqCst);
            for _ in 0..5 {
                coroutine::yield_now();
            }
            gauge.now.fetch_sub(1, Ordering::SeqCst);
        })
    }
}

#[test]
fn results_are_in_the_order_of_the_jobs() {
    let jobs: Vec<Job<u64>> = (0..20)
        .map(|number| {
            Box::new(move || {
                // The first ones take longest.
                for _ in number..20_u64 {
                    coroutine::yield_now();
                }
                number
            }) as Job<u64>
        })
        .collect();
    same(
        results(10, "See \"Pools\".", jobs),
        (0..20).map(Ok).collect(),
        "results are in the order of the jobs, whichever ends first. See \"Pools\".",
    );
}

#[test]
fn without_jobs_there_are_no_results() {
    same(
        results::<u8>(3, "See \"Pools\".", vec![]),
        vec![],
        "no jobs, no results. See \"Pools\".",
    );
}

#[test]
fn jobs_run_in_coroutines() {
    let jobs: Vec<Job<bool>> = vec![Box::new(coroutine::is_coroutine)];
    same(
        results(1, "See \"A first program\".", jobs),
        vec![Ok(true)],
        "whether a job runs in a coroutine. See \"A first program\".",
    );
}

#[test]
fn the_limit_is_never_exceeded() {
    for limit in [1, 3] {
        let gauge = Arc::new(Gauge::default());
        let jobs = (0..30).map(|_| gauge.job()).collect();
        results(limit, "See \"Pools\".", jobs);
        let most = gauge.most.load(Ordering::SeqCst);
        assert!(
            most <= limit,
            "you ran {most} jobs at a time with a limit of {limit}. See \"Pools\"."
        );
    }
}

#[test]
fn every_place_is_used() {
    let gauge = Arc::new(Gauge::default());
    let jobs = (0..40).map(|_| gauge.job()).collect();
    results(4, "See \"Pools\".", jobs);
    same(
        gauge.most.load(Ordering::SeqCst),
        4,
        "how many of 40 jobs ran at a time, with a limit of 4. See \"Pools\".",
    );
}

#[test]
fn a_slow_job_does_not_hold_up_the_others() {
    let (left, all_done) = (Arc::new(AtomicUsize::new(9)), Arc::new(SyncFlag::new()));
    let waits = all_done.clone();
    // The slow job is the first one: it ends after all the others.
    let mut jobs: Vec<Job<()>> = vec![Box::new(move || waits.wait())];
    for _ in 0..9 {
        let (left, all_done) = (left.clone(), all_done.clone());
        jobs.push(Box::new(move || {
            if left.fetch_sub(1, Ordering::SeqCst) == 1 {
                all_done.fire();
            }
        }));
    }
    let hint = "two places, and one slow job: the others have the other place, and it \
                is free whenever one of them ends. See \"Pools\".";
    same(results(2, hint, jobs), vec![Ok(()); 10], "See \"Pools\".");
}

#[test]
fn a_panic_becomes_an_err_with_its_message() {
    let cups = 0;
    let jobs: Vec<Job<u8>> = vec![
        Box::new(|| 1),
        Box::new(|| -> u8 { panic!("no tea left") }),
        Box::new(move || -> u8 { panic!("{cups} cups left") }),
        Box::new(|| 3),
    ];
    let wanted = vec![
        Ok(1),
        Err("no tea left".to_owned()),
        Err("0 cups left".to_owned()),
        Ok(3),
    ];
    same(
        results(3, "See \"Panics\".", jobs),
        wanted,
        "a panic's message is a `&str` or a `String`. See \"Panics\".",
    );
}

#[test]
fn a_panic_frees_its_place() {
    let mut jobs: Vec<Job<u8>> = (0..5)
        .map(|_| Box::new(|| -> u8 { panic!("gone") }) as Job<u8>)
        .collect();
    jobs.push(Box::new(|| 7));
    let hint = "the jobs that panicked have to free their places. See \"Panics\".";
    same(results(2, hint, jobs).pop(), Some(Ok(7)), hint);
}

#[test]
fn a_waiting_job_leaves_its_worker_free() {
    // This job waits for a coroutine that is started while the second job waits.
    let jobs: Vec<Job<u8>> = vec![
        Box::new(|| {
            coroutine::yield_now();
            go!(|| 1).join().unwrap_or(0)
        }),
        Box::new(|| 2),
    ];
    let hint =
        "wait for a place with `may::sync::Semphore`. See \"Semaphores and queues\".";
    same(results(1, hint, jobs), vec![Ok(1), Ok(2)], hint);
}
