//! What `run` has to do. Sections are those of chapter 3.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use may::coroutine;

use crate::subject::{Job, run};

/// Nothing here takes so long unless somebody waits for a place that never becomes free.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs a pool, and gives up on one that does not end.
fn results<T: Send + 'static>(limit: usize, jobs: Vec<Job<T>>) -> Vec<Result<T, String>> {
    // Room for a panic with its message, on debug builds too.
    may::config().set_stack_size(0x4000);
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(run(limit, jobs)));
    receiver.recv_timeout(PATIENCE).unwrap_or_else(|error| match error {
        mpsc::RecvTimeoutError::Timeout => {
            panic!(
                "the pool had not ended after {PATIENCE:?}: who holds the places? See \"Groups and pools\"."
            )
        }
        mpsc::RecvTimeoutError::Disconnected => panic!("`run` panicked: its message stands above."),
    })
}

/// Counts how many jobs are under way together, at most.
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
            coroutine::sleep(Duration::from_millis(2));
            gauge.now.fetch_sub(1, Ordering::SeqCst);
        })
    }
}

#[test]
fn results_come_in_the_order_of_the_jobs() {
    let jobs: Vec<Job<u64>> = (0..50)
        .map(|number| {
            Box::new(move || {
                // The first ones take longest.
                coroutine::sleep(Duration::from_millis(5 - number / 10));
                number
            }) as Job<u64>
        })
        .collect();
    let expected: Vec<_> = (0..50).map(Ok).collect();
    assert_eq!(
        results(10, jobs),
        expected,
        "whoever ends first, results are in order. See \"Groups and pools\"."
    );
}

#[test]
fn no_more_than_the_limit_at_a_time() {
    for limit in [1, 3] {
        let gauge = Arc::new(Gauge::default());
        results(limit, (0..30).map(|_| gauge.job()).collect());
        let most = gauge.most.load(Ordering::SeqCst);
        assert!(
            most <= limit,
            "{most} jobs were under way together, {limit} are allowed. See \"Groups and pools\"."
        );
    }
}

#[test]
fn the_places_are_used() {
    let gauge = Arc::new(Gauge::default());
    results(4, (0..40).map(|_| gauge.job()).collect());
    let most = gauge.most.load(Ordering::SeqCst);
    assert_eq!(
        most, 4,
        "four may be under way together, and were not. See \"Groups and pools\"."
    );
}

#[test]
fn a_panic_is_a_result() {
    let jobs: Vec<Job<u8>> = vec![
        Box::new(|| 1),
        Box::new(|| -> u8 { panic!("no tea left") }),
        Box::new(|| 3),
    ];
    let expected = vec![Ok(1), Err("no tea left".to_owned()), Ok(3)];
    assert_eq!(
        results(3, jobs),
        expected,
        "the other jobs are not disturbed. See \"A panic stays inside\"."
    );
}

#[test]
fn a_panic_gives_its_place_back() {
    let mut jobs: Vec<Job<u8>> = (0..5)
        .map(|_| Box::new(|| -> u8 { panic!("gone") }) as Job<u8>)
        .collect();
    jobs.push(Box::new(|| 7));
    let last = results(2, jobs).pop();
    assert_eq!(
        last,
        Some(Ok(7)),
        "the places of those that panicked are free. See \"A panic stays inside\"."
    );
}

#[test]
fn nothing_to_do_is_done_at_once() {
    assert_eq!(
        results::<u8>(3, vec![]),
        [],
        "no jobs, no results. See \"Groups and pools\"."
    );
}
