//! The talk's notes say that greenlets have "no race conditions". Here are two.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError};

use may::coroutine::JoinHandle;
use may::sync::{Mutex, SyncFlag};
use may::{coroutine, go};

/// Sells tickets to `buyers` coroutines: each checks whether a ticket is left, and takes
/// one. If `asks_bank` is true, each waits for its bank in between. Returns how many
/// tickets were sold.
pub fn sell(tickets: u32, buyers: u32, asks_bank: bool) -> u32 {
    let left = Arc::new(AtomicU32::new(tickets));
    let bank = Arc::new(Bank {
        asked: AtomicU32::new(0),
        customers: buyers,
        answers: SyncFlag::new(),
    });
    let started = (0..buyers)
        .map(|_| {
            let (left, bank) = (left.clone(), bank.clone());
            go!(move || buy(&left, &bank, asks_bank))
        })
        .collect();
    sold(started)
}

// ANCHOR: race
/// One buyer. Returns the number of tickets that it got.
fn buy(left: &AtomicU32, bank: &Bank, asks_bank: bool) -> u32 {
    if left.load(Ordering::SeqCst) == 0 {
        return 0;
    }
    if asks_bank {
        bank.ask();
    }
    let one_less = |left: u32| Some(left.saturating_sub(1));
    let _ = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
    1
}
// ANCHOR_END: race

/// Joins the buyers and adds up their tickets.
fn sold(started: Vec<JoinHandle<u32>>) -> u32 {
    started
        .into_iter()
        .filter_map(|buyer| buyer.join().ok())
        .sum()
}

/// A bank that answers when all its customers have asked, so that the race has the same
/// outcome in every run.
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

/// Sells tickets in the same way, but a lock keeps the other buyers out from the check
/// until the ticket is taken.
pub fn sell_locked(tickets: u32, buyers: u32) -> u32 {
    let left = Arc::new(Mutex::new(tickets));
    let started = (0..buyers)
        .map(|_| {
            let left = left.clone();
            go!(move || buy_locked(&left))
        })
        .collect();
    sold(started)
}

// ANCHOR: locked
/// One buyer, with a lock around the check *and* the taking.
fn buy_locked(left: &Mutex<u32>) -> u32 {
    let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
    if *left == 0 {
        return 0;
    }
    coroutine::yield_now();
    *left -= 1;
    1
}
// ANCHOR_END: locked

// ANCHOR: lost
/// Two coroutines increment a counter, and call `meet` between reading and writing.
/// Returns the counter's value.
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
