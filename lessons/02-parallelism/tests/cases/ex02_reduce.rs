//! What `sum` has to do. Sections are those of chapter 2.
#![allow(clippy::float_cmp, reason = "each bit counts here")]

use crate::subject::sum;

/// Numbers whose sum depends on the order, and on nothing else: no clock, no luck.
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

#[test]
fn small_lists() {
    assert_eq!(
        sum(&[], 4).to_bits(),
        0.0_f64.to_bits(),
        "an empty list has the sum 0. See \"The same in each run\"."
    );
    assert_eq!(
        sum(&[1.5], 4),
        1.5,
        "one number is its own sum. See \"The same in each run\"."
    );
    assert_eq!(
        sum(&[1.5, 2.5, 3.0], 4),
        7.0,
        "each number counts once. See \"The same in each run\"."
    );
}

#[test]
fn the_order_is_that_of_halves() {
    // (1e16 + 1) + (-1e16 + 1): the first 1 is lost beside 1e16, the second beside -1e16.
    let halves = sum(&[1e16, 1.0, -1e16, 1.0], 1);
    assert_eq!(
        halves, 0.0,
        "(1e16 + 1) + (-1e16 + 1), where each 1 is lost. See \"The same in each run\"."
    );
    // Left is the longer half: (1e16 + 1) + -1e16.
    let odd = sum(&[1e16, 1.0, -1e16], 1);
    assert_eq!(
        odd, 0.0,
        "of three numbers the left half has two. See \"The same in each run\"."
    );
    let odd = sum(&[1.0, 1e16, -1e16], 1);
    assert_eq!(
        odd, 0.0,
        "(1 + 1e16) + -1e16: the 1 is lost. See \"The same in each run\"."
    );
}

#[test]
fn workers_do_not_change_a_bit() {
    for count in [2, 3, 10, 1000, 1023, 4096] {
        let numbers = numbers(count);
        let alone = sum(&numbers, 1);
        for workers in [0, 2, 3, 4, 7, 16] {
            let together = sum(&numbers, workers);
            assert_eq!(
                together.to_bits(),
                alone.to_bits(),
                "{count} numbers: {workers} workers say {together}, one alone says {alone}. See \"The same in each run\"."
            );
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn no_more_threads_than_workers() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let threads = || std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    let numbers = numbers(2_000_000);
    let (done, before) = (AtomicBool::new(false), threads());
    let most = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut most = 0;
            while !done.load(Ordering::SeqCst) {
                most = most.max(threads());
            }
            most
        });
        let summed = std::panic::catch_unwind(|| sum(&numbers, 4));
        done.store(true, Ordering::SeqCst);
        assert!(summed.is_ok(), "`sum` panicked: its message stands above.");
        watch.join().expect("watching does not panic")
    });
    // The watcher itself, and what other cases of this file do meanwhile.
    assert!(
        most < before + 60,
        "{most} threads for 4 workers: not one for each half. See \"All cores\"."
    );
}
