//! What `map` has to do. Sections are those of chapter 1.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

use crate::subject::map;

/// Nothing here takes so long unless somebody waits for somebody who never comes.
const PATIENCE: Duration = Duration::from_secs(10);

fn square(number: u64) -> u64 {
    number * number
}

/// How many numbers each thread had.
fn shares(numbers: &[u64], workers: usize) -> Vec<usize> {
    let seen = Mutex::new(HashMap::<ThreadId, usize>::new());
    map(numbers, workers, |number| {
        *seen
            .lock()
            .unwrap()
            .entry(thread::current().id())
            .or_default() += 1;
        number
    });
    let mut shares: Vec<_> = seen.into_inner().unwrap().into_values().collect();
    shares.sort_unstable();
    shares
}

#[test]
fn results_come_in_the_order_of_the_numbers() {
    let numbers: Vec<_> = (0..100).collect();
    let expected: Vec<_> = (0..100).map(square).collect();
    for workers in [1, 2, 3, 7] {
        let results = map(&numbers, workers, square);
        assert_eq!(
            results, expected,
            "{workers} workers: join them in the order in which they started. See \"Borrowing\"."
        );
    }
}

#[test]
fn no_number_is_left_over() {
    for (count, workers) in [(10, 3), (11, 3), (1, 4), (5, 5), (6, 5)] {
        let numbers: Vec<_> = (0..count).collect();
        let results = map(&numbers, workers, square);
        assert_eq!(
            results.len() as u64,
            count,
            "{count} numbers for {workers} workers: each of them has to be done, once. See \"Borrowing\"."
        );
    }
}

#[test]
fn nothing_to_do_is_done_at_once() {
    assert_eq!(
        map(&[], 4, square),
        [],
        "no numbers, no results. See \"Borrowing\"."
    );
}

#[test]
fn runs_are_as_even_as_can_be() {
    let numbers: Vec<_> = (0..10).collect();
    let even = shares(&numbers, 3);
    assert_eq!(
        even,
        [3, 3, 4],
        "10 numbers for 3 workers: 4, 3 and 3. See \"Borrowing\"."
    );
    let even = shares(&numbers, 4);
    assert_eq!(
        even,
        [2, 2, 3, 3],
        "10 numbers for 4 workers. See \"Borrowing\"."
    );
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
            "{} of 4 threads were at work together, after {PATIENCE:?}: start all of them before you join the first. See \
             \"Borrowing\".",
            *count
        );
        number
    });
}
