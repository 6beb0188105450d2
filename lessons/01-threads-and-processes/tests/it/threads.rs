//! Threads: borrowing, handing over work, and what a panic destroys.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use units::thread::{collect, outcome, share, sum_in_two};

use crate::deadline::{PATIENCE, in_time};

#[test]
fn join_returns_a_panic_as_a_value() {
    assert_eq!(outcome(|| 42), Ok(42));
    assert_eq!(
        outcome(|| -> u8 { panic!("no tea left") }),
        Err("no tea left".into())
    );
    let number = 7;
    assert_eq!(
        outcome(move || -> u8 { panic!("no tea for {number}") }),
        Err("no tea for 7".into())
    );
    assert_eq!(
        outcome(|| -> u8 { std::panic::panic_any(7) }),
        Err("no message".into())
    );
}

#[test]
fn a_panic_leaves_the_other_threads_alone() {
    let other = thread::spawn(|| (0..1_000_u64).sum::<u64>());
    assert!(outcome(|| panic!("mine")).is_err());
    assert_eq!(other.join().unwrap(), 499_500);
}

#[test]
fn a_lock_is_poisoned_by_a_panic_and_its_value_can_still_be_used() {
    let cups = Arc::new(Mutex::new(3));
    let theirs = cups.clone();
    let dropped = outcome(move || {
        let mut cups = theirs.lock().unwrap();
        *cups -= 1;
        panic!("dropped one");
    });
    assert_eq!(dropped, Err::<(), _>("dropped one".into()));
    let told = in_time("taking a lock whose holder has panicked", move || {
        let poisoned = cups
            .lock()
            .expect_err("a thread panicked while it held the lock");
        (poisoned.to_string(), *poisoned.into_inner())
    });
    assert_eq!(
        told,
        ("poisoned lock: another task failed inside".into(), 2),
        "the value is as the thread left it"
    );
}

#[test]
fn threads_borrow_a_list() {
    for len in [0, 1, 2, 7, 1_000] {
        let numbers: Vec<u64> = (0..len).collect();
        assert_eq!(sum_in_two(&numbers), numbers.iter().sum());
    }
}

#[test]
fn every_result_arrives_through_the_channel() {
    let mut results = in_time("a channel that is closed", || {
        collect(50, |number| number * number)
    });
    results.sort_unstable();
    assert_eq!(
        results,
        (0..50).map(|number| number * number).collect::<Vec<_>>()
    );
}

#[test]
fn each_job_is_done_once() {
    let (shares, done) = in_time("a queue of a thousand jobs", || {
        let done = Mutex::new(BTreeSet::new());
        let shares = share(4, 1_000, |job| {
            assert!(done.lock().unwrap().insert(job), "job {job} was done twice");
        });
        (shares, done.into_inner().unwrap())
    });
    assert_eq!((shares.len(), shares.iter().sum::<u64>()), (4, 1_000));
    assert_eq!(done.len(), 1_000);
}

#[test]
fn a_panic_in_a_job_reaches_the_caller() {
    let panicked = in_time("a queue whose first job panics", || {
        outcome(|| share(2, 100, |job| assert!(job != 0, "no tea for job {job}")))
    });
    assert_eq!(panicked, Err("no tea for job 0".into()));
}

#[test]
fn a_slow_job_holds_up_only_its_own_thread() {
    // Job 0 waits until all other jobs are done. If each thread had been given half of
    // the jobs in advance, it would wait forever.
    let (done, changed) = (Mutex::new(0), Condvar::new());
    let waited = AtomicU64::new(0);
    share(2, 10, |job| {
        let mut count = done.lock().unwrap();
        if job == 0 {
            let (guard, late) = changed
                .wait_timeout_while(count, PATIENCE, |count| *count < 9)
                .unwrap();
            assert!(
                !late.timed_out(),
                "the other thread did only {} of the other nine jobs",
                *guard
            );
            waited.fetch_add(1, Ordering::SeqCst);
        } else {
            *count += 1;
            changed.notify_all();
        }
    });
    assert_eq!(waited.into_inner(), 1);
}
