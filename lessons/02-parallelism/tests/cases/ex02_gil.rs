//! What a `Gil` has to do. Sections are those of chapter 2.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::subject::Gil;

/// Nothing here takes so long unless somebody waits for ever.
const PATIENCE: Duration = Duration::from_secs(10);
const INTERVAL: Duration = Duration::from_millis(5);

/// Does something that may wait, and gives up on it.
fn patiently<T: Send + 'static>(
    why: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(work()));
    receiver
        .recv_timeout(PATIENCE)
        .unwrap_or_else(|error| match error {
            mpsc::RecvTimeoutError::Timeout => {
                panic!("still waiting after {PATIENCE:?}: {why} See \"The lock\".")
            }
            mpsc::RecvTimeoutError::Disconnected => {
                panic!("it panicked: its message stands above.")
            }
        })
}

/// Waits until `right` holds.
fn until(what: &str, right: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !right() {
        assert!(
            Instant::now() < deadline,
            "after {PATIENCE:?} still not so: {what}. See \"The lock\"."
        );
        thread::yield_now();
    }
}

#[test]
fn one_at_a_time() {
    let most = patiently("a lock that is given up can be taken.", || {
        let (gil, inside, most) =
            (Gil::new(INTERVAL), AtomicU32::new(0), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        gil.acquire();
                        most.fetch_max(
                            inside.fetch_add(1, Ordering::SeqCst) + 1,
                            Ordering::SeqCst,
                        );
                        // Whoever else got in shall have time to be seen.
                        thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        gil.release();
                    }
                });
            }
        });
        most.into_inner()
    });
    assert_eq!(
        most, 1,
        "{most} threads held it together. See \"The lock\"."
    );
}

#[test]
fn alone_nobody_asks() {
    let asked = patiently("an open lock is taken at once.", || {
        let gil = Gil::new(INTERVAL);
        gil.acquire();
        let asked = gil.is_asked();
        gil.hand_over();
        // Still ours: it can be given up and taken again.
        gil.release();
        gil.acquire();
        asked
    });
    assert!(!asked, "nobody else is there. See \"The lock\".");
}

#[test]
fn who_waits_for_an_interval_asks() {
    patiently("the holder is asked after one interval.", || {
        let gil = Arc::new(Gil::new(INTERVAL));
        gil.acquire();
        let waiting = {
            let gil = gil.clone();
            thread::spawn(move || {
                gil.acquire();
                let asked = gil.is_asked();
                gil.release();
                asked
            })
        };
        until("somebody who waits has asked", || gil.is_asked());
        gil.release();
        let asked = waiting.join().expect("a thread that waits does not panic");
        assert!(
            !asked,
            "who has just got it is asked for nothing. See \"The lock\"."
        );
    });
}

#[test]
fn who_does_not_wait_for_long_does_not_ask() {
    let asked = patiently("a lock that is given up can be taken.", || {
        let gil = Arc::new(Gil::new(Duration::from_secs(3600)));
        gil.acquire();
        let waiting = {
            let gil = gil.clone();
            thread::spawn(move || gil.acquire())
        };
        thread::sleep(Duration::from_millis(20));
        let asked = gil.is_asked();
        gil.release();
        waiting.join().expect("a thread that waits does not panic");
        asked
    });
    assert!(!asked, "the interval is an hour. See \"The lock\".");
}

#[test]
fn handing_over_lets_another_one_in() {
    let turns = patiently(
        "who hands over waits until somebody else has had it.",
        || {
            let (gil, stop) = (
                Arc::new(Gil::new(INTERVAL)),
                Arc::new(AtomicBool::new(false)),
            );
            let turns: Vec<_> = (0..3).map(|_| Arc::new(AtomicU32::new(0))).collect();
            let threads: Vec<_> = turns
                .iter()
                .map(|turns| {
                    let (gil, stop, turns) = (gil.clone(), stop.clone(), turns.clone());
                    thread::spawn(move || {
                        gil.acquire();
                        turns.fetch_add(1, Ordering::SeqCst);
                        while !stop.load(Ordering::SeqCst) {
                            if gil.is_asked() {
                                gil.hand_over();
                                turns.fetch_add(1, Ordering::SeqCst);
                            }
                        }
                        gil.release();
                    })
                })
                .collect();
            until("three busy threads have had several turns each", || {
                turns.iter().all(|turns| turns.load(Ordering::SeqCst) >= 3)
            });
            stop.store(true, Ordering::SeqCst);
            for thread in threads {
                thread.join().expect("a busy thread does not panic");
            }
            turns.len()
        },
    );
    assert_eq!(turns, 3);
}

#[test]
fn a_hand_over_is_not_taken_back() {
    let first = patiently(
        "who hands over waits until somebody else has had it.",
        || {
            let gil = Arc::new(Gil::new(INTERVAL));
            let order = Arc::new(std::sync::Mutex::new(Vec::new()));
            for _ in 0..50 {
                gil.acquire();
                let waiting = {
                    let (gil, order) = (gil.clone(), order.clone());
                    thread::spawn(move || {
                        gil.acquire();
                        order.lock().expect("no panic").push("the other");
                        gil.release();
                    })
                };
                until("somebody who waits has asked", || gil.is_asked());
                gil.hand_over();
                order.lock().expect("no panic").push("we");
                gil.release();
                waiting.join().expect("a thread that waits does not panic");
            }
            let order = order.lock().expect("no panic");
            order
                .chunks(2)
                .filter(|turn| turn[0] == "the other")
                .count()
        },
    );
    assert_eq!(
        first, 50,
        "each time the other one comes first: it has waited. See \"The lock\"."
    );
}
