//! What a `Gil` has to do. Sections are those of chapter 2.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::subject::Gil;

/// Nothing here takes this long unless a thread waits forever.
const PATIENCE: Duration = Duration::from_secs(10);
const INTERVAL: Duration = Duration::from_millis(5);

/// Runs something that may wait, and gives up on it after a while.
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
                panic!("still waiting after {PATIENCE:?}: {why} See \"The global interpreter lock\".")
            }
            mpsc::RecvTimeoutError::Disconnected => {
                panic!("it panicked: its message is above")
            }
        })
}

/// Waits until `right` holds.
fn until(what: &str, right: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !right() {
        assert!(
            Instant::now() < deadline,
            "after {PATIENCE:?} this had not happened: {what}. See \"The global interpreter lock\"."
        );
        thread::yield_now();
    }
}

#[test]
fn one_thread_at_a_time_holds_the_lock() {
    let most = patiently("a thread waits for a lock that has been released.", || {
        let (gil, inside, most) =
            (Gil::new(INTERVAL), AtomicU32::new(0), AtomicU32::new(0));
        let ready = Barrier::new(4);
        let enter = |stay: Duration| {
            gil.acquire();
            let entered = Instant::now();
            most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            // Gives another thread that got in time to be seen.
            while entered.elapsed() < stay && most.load(Ordering::SeqCst) == 1 {
                thread::sleep(Duration::from_millis(1));
            }
            thread::yield_now();
            inside.fetch_sub(1, Ordering::SeqCst);
            gil.release();
        };
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    ready.wait();
                    // The first turn is long: without a lock the others get in during it,
                    // on a busy machine too.
                    enter(Duration::from_millis(150));
                    for _ in 0..200 {
                        enter(Duration::ZERO);
                    }
                });
            }
        });
        most.into_inner()
    });
    assert_eq!(
        most, 1,
        "{most} threads held the lock at the same time. See \"Condition variables\"."
    );
}

#[test]
fn without_a_waiting_thread_nothing_is_requested() {
    let asked = patiently(
        "a thread waits for a lock that is free, or hands it over although no thread waits.",
        || {
            let gil = Gil::new(INTERVAL);
            gil.acquire();
            let asked = gil.is_requested();
            gil.hand_over();
            // The lock is still held: it can be released and taken again.
            gil.release();
            gil.acquire();
            asked
        },
    );
    assert!(
        !asked,
        "`is_requested` is true although no other thread exists. See \"The global interpreter lock\"."
    );
}

#[test]
fn one_interval_of_waiting_requests_the_lock() {
    patiently(
        "a thread has waited for many intervals, and `is_requested` is still false.",
        || {
            let gil = Arc::new(Gil::new(INTERVAL));
            gil.acquire();
            let waiting = {
                let gil = gil.clone();
                thread::spawn(move || {
                    gil.acquire();
                    let asked = gil.is_requested();
                    gil.release();
                    asked
                })
            };
            until(
                "`is_requested` is true after another thread has waited for one interval",
                || gil.is_requested(),
            );
            gil.release();
            let asked = waiting.join().expect("a thread that waits does not panic");
            assert!(
                !asked,
                "a thread has just taken the lock, and `is_requested` is still true. See \"The global interpreter lock\"."
            );
        },
    );
}

#[test]
fn a_thread_that_has_just_arrived_requests_nothing() {
    let asked = patiently("a thread waits for a lock that has been released.", || {
        let gil = Arc::new(Gil::new(Duration::from_secs(3600)));
        gil.acquire();
        let waiting = {
            let gil = gil.clone();
            thread::spawn(move || gil.acquire())
        };
        thread::sleep(Duration::from_millis(20));
        let asked = gil.is_requested();
        gil.release();
        waiting.join().expect("a thread that waits does not panic");
        asked
    });
    assert!(
        !asked,
        "the interval is an hour, and after 20 ms `is_requested` is true. See \"The global interpreter lock\"."
    );
}

#[test]
fn handing_over_lets_another_thread_in() {
    let turns = patiently(
        "a thread that hands over waits until another thread has had the lock, and that thread never gets it.",
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
                            if gil.is_requested() {
                                gil.hand_over();
                                turns.fetch_add(1, Ordering::SeqCst);
                            }
                        }
                        gil.release();
                    })
                })
                .collect();
            until(
                "each of three busy threads has had the lock several times",
                || turns.iter().all(|turns| turns.load(Ordering::SeqCst) >= 3),
            );
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
        "a thread that hands over waits until another thread has had the lock, and that thread never gets it.",
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
                until(
                    "`is_requested` is true after another thread has waited for one interval",
                    || gil.is_requested(),
                );
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
        "in {first} of 50 hand-overs the waiting thread was first, wanted 50. See \"The global interpreter lock\"."
    );
}

#[test]
fn one_thread_at_a_time_holds_the_lock_after_a_hand_over() {
    let most = patiently("a thread waits for a lock that has been released.", || {
        let (gil, inside, most) =
            (Gil::new(INTERVAL), AtomicU32::new(0), AtomicU32::new(0));
        let ready = Barrier::new(3);
        let stay = |stay: Duration| {
            let entered = Instant::now();
            most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            while entered.elapsed() < stay && most.load(Ordering::SeqCst) == 1 {
                thread::sleep(Duration::from_millis(1));
            }
            thread::yield_now();
            inside.fetch_sub(1, Ordering::SeqCst);
        };
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    ready.wait();
                    gil.acquire();
                    // The first turn is long: the others wait for the lock at its end, and
                    // a thread that goes on without the lock meets the next holder.
                    stay(Duration::from_millis(150));
                    for _ in 0..50 {
                        gil.hand_over();
                        stay(Duration::ZERO);
                    }
                    gil.release();
                });
            }
        });
        most.into_inner()
    });
    assert_eq!(
        most, 1,
        "{most} threads held the lock at the same time: `hand_over` returns only when the thread has the lock again. See \"The global interpreter lock\"."
    );
}

#[test]
fn an_exchange_starts_a_new_interval() {
    const INTERVAL: Duration = Duration::from_millis(200);
    // Holder A releases the lock while B and C wait. One of them gets it; the other has
    // then waited for an interval in which the lock changed hands, and may not request it.
    // A try counts only if this thread was on time: a busy machine cannot fail it.
    let requested =
        patiently("a thread waits for a lock that has been released.", || {
            let mut on_time = 0;
            for _ in 0..20 {
                let gil = Arc::new(Gil::new(INTERVAL));
                let taken = Arc::new(AtomicU32::new(0));
                let stop = Arc::new(AtomicBool::new(false));
                gil.acquire();
                let start = Instant::now();
                let waiting: Vec<_> = (0..2)
                    .map(|_| {
                        let (gil, taken, stop) =
                            (gil.clone(), taken.clone(), stop.clone());
                        thread::spawn(move || {
                            gil.acquire();
                            taken.fetch_add(1, Ordering::SeqCst);
                            while !stop.load(Ordering::SeqCst) {
                                thread::sleep(Duration::from_millis(1));
                            }
                            gil.release();
                        })
                    })
                    .collect();
                thread::sleep(INTERVAL / 2);
                gil.release();
                until("a waiting thread has taken the lock", || {
                    taken.load(Ordering::SeqCst) == 1
                });
                let exchanged = start.elapsed();
                thread::sleep((INTERVAL * 16 / 10).saturating_sub(exchanged));
                let requested = gil.is_requested();
                let asked_at = start.elapsed();
                stop.store(true, Ordering::SeqCst);
                for thread in waiting {
                    thread.join().expect("a waiting thread does not panic");
                }
                if exchanged < INTERVAL * 9 / 10 && asked_at < INTERVAL * 19 / 10 {
                    if requested {
                        return true;
                    }
                    on_time += 1;
                    if on_time == 2 {
                        break;
                    }
                }
            }
            false
        });
    assert!(
        !requested,
        "the lock changed hands in the middle of the interval, and the thread that waits requested it at the end of that interval: the new holder has only just got it. See \"The global interpreter lock\"."
    );
}

#[test]
fn handing_over_clears_the_request() {
    const INTERVAL: Duration = Duration::from_millis(300);
    let requested = patiently(
        "a thread that hands over waits until another thread has had the lock, and that thread never gets it.",
        || {
            let begin = Instant::now();
            while begin.elapsed() < PATIENCE / 2 {
                let gil = Arc::new(Gil::new(INTERVAL));
                gil.acquire();
                let waiting = {
                    let gil = gil.clone();
                    thread::spawn(move || {
                        gil.acquire();
                        let seen = (gil.is_requested(), Instant::now());
                        gil.release();
                        seen
                    })
                };
                until(
                    "`is_requested` is true after another thread has waited for one interval",
                    || gil.is_requested(),
                );
                let start = Instant::now();
                gil.hand_over();
                gil.release();
                let (requested, at) =
                    waiting.join().expect("a waiting thread does not panic");
                // Later than that, the thread that handed over may have requested it.
                if at.duration_since(start) < INTERVAL * 9 / 10 {
                    return requested;
                }
            }
            false
        },
    );
    assert!(
        !requested,
        "a thread got the lock from `hand_over`, and `is_requested` is still true: taking the lock clears the request. See \"The global interpreter lock\"."
    );
}

/// A thread that a signal keeps from running: it sits in the signal's handler.
#[cfg(unix)]
mod held_up {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    static HOLD: AtomicBool = AtomicBool::new(false);
    static INSIDE: AtomicBool = AtomicBool::new(false);

    extern "C" fn handler(_: libc::c_int) {
        INSIDE.store(true, Ordering::SeqCst);
        while HOLD.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        INSIDE.store(false, Ordering::SeqCst);
    }

    /// Holds up `thread` until [`let_go`].
    pub(super) fn hold_up(thread: libc::pthread_t) {
        HOLD.store(true, Ordering::SeqCst);
        let handler = handler as extern "C" fn(libc::c_int) as libc::sighandler_t;
        // SAFETY: the handler touches two atomics and sleeps, and the caller's thread is
        // alive: it waits for a lock that the caller holds.
        unsafe {
            libc::signal(libc::SIGUSR1, handler);
            libc::pthread_kill(thread, libc::SIGUSR1);
        }
    }

    pub(super) fn is_held_up() -> bool {
        INSIDE.load(Ordering::SeqCst)
    }

    pub(super) fn let_go() {
        HOLD.store(false, Ordering::SeqCst);
    }
}

#[test]
#[cfg(unix)]
fn hand_over_waits_until_another_thread_has_had_it() {
    let early = patiently(
        "a thread that hands over waits until another thread has had the lock, and that thread never gets it.",
        || {
            let gil = Arc::new(Gil::new(INTERVAL));
            gil.acquire();
            let (sender, waiting) = mpsc::channel();
            let other = {
                let gil = gil.clone();
                thread::spawn(move || {
                    // SAFETY: the call has no preconditions.
                    let _ = sender.send(unsafe { libc::pthread_self() });
                    gil.acquire();
                    gil.release();
                })
            };
            let thread = waiting.recv().expect("the thread has started");
            until(
                "`is_requested` is true after another thread has waited for one interval",
                || gil.is_requested(),
            );
            // The waiting thread cannot run, so it cannot take the lock.
            held_up::hold_up(thread);
            until("the other thread is held up", held_up::is_held_up);
            let (done, returned) = mpsc::channel();
            let holder = {
                let gil = gil.clone();
                thread::spawn(move || {
                    gil.hand_over();
                    let _ = done.send(());
                    gil.release();
                })
            };
            let early = returned.recv_timeout(Duration::from_millis(300)).is_ok();
            held_up::let_go();
            other.join().expect("a waiting thread does not panic");
            holder.join().expect("a holder does not panic");
            early
        },
    );
    assert!(
        !early,
        "`hand_over` returned although no other thread had taken the lock: wait until one has. See \"The global interpreter lock\"."
    );
}
