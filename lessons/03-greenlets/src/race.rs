//! The notes say that greenlets have "no race conditions". Here is one.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError};

use may::sync::{Mutex, SyncFlag};
use may::{coroutine, go};

// ANCHOR: race
/// `buyers` coroutines each look whether a ticket is left, and take one. Between the two
/// they ask a bank, if `asks_bank` says so: they wait, and others run. How many tickets
/// were sold.
pub fn sell(tickets: u32, buyers: u32, asks_bank: bool) -> u32 {
    let left = Arc::new(AtomicU32::new(tickets));
    let bank = Arc::new(Bank {
        asked: AtomicU32::new(0),
        customers: buyers,
        answers: SyncFlag::new(),
    });
    let started: Vec<_> = (0..buyers)
        .map(|_| {
            let (left, bank) = (left.clone(), bank.clone());
            go!(move || {
                if left.load(Ordering::SeqCst) == 0 {
                    return 0;
                }
                if asks_bank {
                    bank.ask();
                }
                // Others may have taken the last one meanwhile.
                let one_less = |left: u32| Some(left.saturating_sub(1));
                let _ = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
                1
            })
        })
        .collect();
    started
        .into_iter()
        .filter_map(|buyer| buyer.join().ok())
        .sum()
}
// ANCHOR_END: race

/// Answers when all its customers have asked, so that the race comes out the same each
/// time.
struct Bank {
    asked: AtomicU32,
    customers: u32,
    answers: SyncFlag,
}

impl Bank {
    fn ask(&self) {
        if self.asked.fetch_add(1, Ordering::SeqCst) + 1 == self.customers {
            self.answers.fire();
        }
        self.answers.wait();
    }
}

// ANCHOR: mended
/// Looking and taking belong together: a lock holds the others off until both are done.
pub fn sell_locked(tickets: u32, buyers: u32) -> u32 {
    let left = Arc::new(Mutex::new(tickets));
    let started: Vec<_> = (0..buyers)
        .map(|_| {
            let left = left.clone();
            go!(move || {
                // may's lock, not std's: it lets other coroutines of this thread go on.
                let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
                if *left == 0 {
                    return 0;
                }
                coroutine::yield_now();
                *left -= 1;
                1
            })
        })
        .collect();
    started
        .into_iter()
        .filter_map(|buyer| buyer.join().ok())
        .sum()
}
// ANCHOR_END: mended

// ANCHOR: lost
/// Two coroutines raise a counter by one each: they look, `meet`, and write what they saw
/// and one more. What is in it then.
pub fn raise_twice(meet: impl Fn() + Sync) -> u32 {
    let counter = AtomicU32::new(0);
    coroutine::scope(|scope| {
        for _ in 0..2 {
            go!(scope, || {
                let seen = counter.load(Ordering::SeqCst);
                meet();
                counter.store(seen + 1, Ordering::SeqCst);
            });
        }
    });
    counter.into_inner()
}
// ANCHOR_END: lost
