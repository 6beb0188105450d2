//! What `sum` has to do. Sections are those of chapter 2.
#![allow(clippy::float_cmp, reason = "every bit counts here")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use super::subject::sum;

/// Nothing here takes this long unless a thread waits forever.
const PATIENCE: Duration = Duration::from_secs(10);

fn plain(left: f64, right: f64) -> f64 {
    left + right
}

/// Numbers whose sum depends on the order of the additions, the same in every run.
fn numbers(count: usize) -> Vec<f64> {
    let mut state = 2013_u64;
    (0..count)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let small = f64::from((state >> 40) as u32 & 0xffff) * 1e-3;
            if state >> 63 == 0 {
                small
            } else {
                -small * 1e12
            }
        })
        .collect()
}

/// Sums 0, 1, 2 and so on with an `add` that may wait for other threads.
fn patiently(
    count: u32,
    workers: usize,
    add: impl Fn(f64, f64) -> f64 + Send + Sync + 'static,
) -> f64 {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let numbers: Vec<f64> = (0..count).map(f64::from).collect();
        let _ = sender.send(sum(&numbers, workers, &add));
    });
    match receiver.recv_timeout(PATIENCE) {
        Ok(sum) => sum,
        Err(mpsc::RecvTimeoutError::Timeout) => {
            panic!("`sum` had not returned after {PATIENCE:?}")
        }
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            panic!("`sum` panicked: its message is above")
        }
    }
}

/// The threads that are inside `add` now, and the most that ever were.
#[derive(Clone, Default)]
struct Inside(Arc<(Mutex<(usize, usize)>, Condvar)>);

impl Inside {
    /// Enters, waits until `wanted` threads are inside or `limit` has passed, and leaves.
    fn visit(&self, wanted: usize, limit: Duration) {
        let mut counts = self.0.0.lock().unwrap();
        counts.0 += 1;
        counts.1 = counts.1.max(counts.0);
        self.0.1.notify_all();
        let waited = self
            .0
            .1
            .wait_timeout_while(counts, limit, |counts| counts.1 < wanted);
        waited.unwrap().0.0 -= 1;
    }

    fn most(&self) -> usize {
        self.0.0.lock().unwrap().1
    }
}

#[test]
fn an_empty_list_has_the_sum_zero() {
    let yours = sum(&[], 4, &plain);
    assert!(
        yours.to_bits() == 0.0_f64.to_bits(),
        "yours is {yours:?}, wanted 0.0. An empty `iter().sum::<f64>()` is -0.0, which has other bits. See \"Floating-point sums\"."
    );
}

#[test]
fn one_number_is_its_own_sum() {
    for number in [1.5, -0.0] {
        let yours = sum(&[number], 4, &plain);
        assert!(
            yours.to_bits() == number.to_bits(),
            "yours is {yours:?}, wanted {number:?}: nothing is added to a single number, not even 0. See \"Floating-point sums\"."
        );
    }
}

#[test]
fn every_addition_is_a_call_of_add() {
    for count in [2, 3, 10, 33] {
        let calls = AtomicUsize::new(0);
        let numbers: Vec<f64> = (0..count).map(f64::from).collect();
        let yours = sum(&numbers, 3, &|left, right| {
            calls.fetch_add(1, Ordering::SeqCst);
            left + right
        });
        let (calls, wanted) = (calls.into_inner(), numbers.len() - 1);
        assert!(
            calls == wanted,
            "you called `add` {calls} times for {count} numbers, wanted {wanted} times. See \"Floating-point sums\"."
        );
        let wanted: f64 = numbers.iter().sum();
        assert!(
            yours == wanted,
            "the sum of 0 to {}: yours is {yours}, wanted {wanted}.",
            count - 1
        );
    }
}

#[test]
fn the_order_is_that_of_halves() {
    for (numbers, sums) in [
        (&[1e16, 1.0, -1e16, 1.0][..], "(1e16 + 1) + (-1e16 + 1)"),
        (
            &[1e16, 1.0, -1e16],
            "(1e16 + 1) + -1e16: the left half has two numbers",
        ),
        (
            &[1.0, 1e16, -1e16],
            "(1 + 1e16) + -1e16: the left half has two numbers",
        ),
    ] {
        let yours = sum(numbers, 1, &plain);
        assert!(
            yours == 0.0,
            "{numbers:?}: yours is {yours}, wanted 0, which is {sums}; next to 1e16 a 1 is lost. See \"Floating-point sums\"."
        );
    }
}

#[test]
fn workers_do_not_change_a_bit() {
    for count in [2, 3, 10, 1000, 1023, 4096] {
        let numbers = numbers(count);
        let alone = sum(&numbers, 1, &plain);
        for workers in [0, 2, 3, 4, 7, 16] {
            let yours = sum(&numbers, workers, &plain);
            assert!(
                yours.to_bits() == alone.to_bits(),
                "{count} numbers: with {workers} workers yours is {yours}, with one worker {alone}. See \"Floating-point sums\"."
            );
        }
    }
}

#[test]
fn the_halves_are_added_up_at_the_same_time() {
    for workers in [2, 4] {
        let inside = Inside::default();
        let add = inside.clone();
        // As many pairs as workers: the first addition of each worker waits for the others.
        patiently(
            2 * u32::try_from(workers).unwrap(),
            workers,
            move |left, right| {
                add.visit(workers, PATIENCE / 5);
                left + right
            },
        );
        let most = inside.most();
        assert!(
            most == workers,
            "at most {most} of {workers} workers were adding at the same time: start a thread for one half, do the other half yourself, and only then join. See \"Work on all cores\"."
        );
    }
}

#[test]
fn no_more_threads_add_than_there_are_workers() {
    for workers in [0, 1, 2, 3, 5] {
        let inside = Inside::default();
        let add = inside.clone();
        let allowed = workers.max(1);
        patiently(32, workers, move |left, right| {
            add.visit(allowed + 1, Duration::from_millis(20));
            left + right
        });
        let most = inside.most();
        assert!(
            most <= allowed,
            "{most} threads were adding at the same time, with {workers} workers wanted at most {allowed}: how many workers does each half get? See \"Work on all cores\"."
        );
    }
}
