//! Cases for `map`. The sections that they name are in chapter 1.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

use super::subject::map;

/// How long a thread waits for the others before the case fails.
const PATIENCE: Duration = Duration::from_secs(10);

fn square(number: u64) -> u64 {
    number * number
}

/// Returns the numbers that each thread got, in ascending order.
fn runs(count: u64, workers: usize) -> Vec<Vec<u64>> {
    let seen = Mutex::new(Vec::<(ThreadId, Vec<u64>)>::new());
    let numbers: Vec<_> = (0..count).collect();
    map(&numbers, workers, |number| {
        let (mut seen, me) = (seen.lock().unwrap(), thread::current().id());
        match seen.iter_mut().find(|(thread, _)| *thread == me) {
            Some((_, run)) => run.push(number),
            None => seen.push((me, vec![number])),
        }
        number
    });
    let seen = seen.into_inner().unwrap();
    let mut runs: Vec<_> = seen.into_iter().map(|(_, run)| run).collect();
    for run in &mut runs {
        run.sort_unstable();
    }
    runs.sort_unstable();
    runs
}

#[test]
fn results_are_in_the_order_of_the_numbers() {
    let numbers = [30, 10, 20, 50, 40, 70, 60];
    let wanted = [70, 90, 80, 50, 60, 30, 40];
    for workers in [1, 2, 3, 7] {
        let yours = map(&numbers, workers, |number| 100 - number);
        assert!(
            yours == wanted,
            "100 - number for {numbers:?} with {workers} workers: yours {yours:?}, \
             wanted {wanted:?}. Each result belongs at the place of its number, whatever \
             its value. See \"Borrowing\"."
        );
    }
}

#[test]
fn every_number_is_done() {
    for (count, workers) in [(10, 3), (11, 3), (1, 4), (5, 5), (6, 5), (100, 7)] {
        let numbers: Vec<_> = (0..count).collect();
        let yours = map(&numbers, workers, square).len();
        assert!(
            yours as u64 == count,
            "{count} numbers for {workers} workers: yours has {yours} results, wanted \
             {count}. See \"Borrowing\"."
        );
    }
}

#[test]
fn no_numbers_give_no_results() {
    let yours = map(&[], 4, square);
    assert!(
        yours.is_empty(),
        "an empty list: yours {yours:?}, wanted []. See \"Borrowing\"."
    );
}

#[test]
fn runs_differ_in_length_by_at_most_one() {
    for (count, workers, wanted) in [
        (10, 3, &[3, 3, 4][..]),
        (10, 4, &[2, 2, 3, 3]),
        (7, 5, &[1, 1, 1, 2, 2]),
    ] {
        let mut yours: Vec<_> = runs(count, workers).iter().map(Vec::len).collect();
        yours.sort_unstable();
        assert!(
            yours == wanted,
            "{count} numbers for {workers} workers: the threads of yours did {yours:?} \
             numbers each, wanted {wanted:?}. See \"Borrowing\"."
        );
    }
}

#[test]
fn each_thread_gets_neighbors() {
    for run in runs(10, 3) {
        assert!(
            run.windows(2).all(|pair| pair[0] + 1 == pair[1]),
            "the numbers 0 to 9 for 3 workers: one thread of yours did {run:?}, which \
             are not neighbors. See \"Borrowing\"."
        );
    }
}

#[test]
fn all_workers_work_at_once() {
    let (here, arrived) = (Mutex::new(0), Condvar::new());
    map(&[1, 2, 3, 4], 4, |number| {
        let mut count = here.lock().unwrap();
        *count += 1;
        arrived.notify_all();
        let (count, late) = arrived
            .wait_timeout_while(count, PATIENCE, |count| *count < 4)
            .unwrap();
        assert!(
            !late.timed_out(),
            "4 workers: after {PATIENCE:?}, {} of them had started. Start all threads \
             before you join the first. See \"Borrowing\".",
            *count
        );
        number
    });
}

#[test]
fn a_panicking_job_makes_map_panic() {
    // Without a panic first: a `map` that always panics is not an answer.
    map(&[1, 2, 3, 4], 2, square);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        map(&[1, 2, 3, 4], 2, |number| {
            assert!(number != 3, "this panic is part of the case");
            number
        })
    }));
    if let Ok(yours) = outcome {
        panic!(
            "`job` panicked on the number 3, but yours returned {yours:?}. `join` \
             returned an `Err`: do not ignore it. See \"How a thread ends\"."
        );
    }
}
