//! A global interpreter lock, as Python's reference implementation has had it since
//! version 3.2.
//!
//! Whoever runs bytecode holds it. Who wants it waits; and when it has waited for one
//! interval, 5 ms, without the lock having changed hands, it asks for it. The holder sees
//! that between two instructions, gives the lock up, and does not take it again before
//! somebody else has had it: else a busy holder would be the first to grab it each time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Python's default, `sys.getswitchinterval()`.
pub const SWITCH_INTERVAL: Duration = Duration::from_millis(5);

/// The lock.
#[derive(Debug)]
pub struct Gil {
    state: Mutex<State>,
    /// Somebody gave it up.
    released: Condvar,
    /// Somebody took it.
    taken: Condvar,
    /// "Please give it up": read between any two instructions, so it must cost next to
    /// nothing.
    drop_request: AtomicBool,
    interval: Duration,
}

#[derive(Debug, Default)]
struct State {
    locked: bool,
    /// How often it was taken: who waits sees by it that others had it meanwhile.
    switches: u64,
    waiting: u32,
}

/// Being allowed to run bytecode.
#[derive(Debug)]
pub struct Held<'g>(&'g Gil);

impl Gil {
    /// An open lock.
    pub fn new(interval: Duration) -> Self {
        Self {
            state: Mutex::default(),
            released: Condvar::new(),
            taken: Condvar::new(),
            drop_request: AtomicBool::new(false),
            interval,
        }
    }

    // ANCHOR: acquire
    /// Waits for the lock, and asks for it when nothing has moved for one interval.
    pub fn acquire(&self) -> Held<'_> {
        let mut state = self.lock();
        state.waiting += 1;
        while state.locked {
            let before = state.switches;
            let (woken, late) = self
                .released
                .wait_timeout(state, self.interval)
                .unwrap_or_else(PoisonError::into_inner);
            state = woken;
            if late.timed_out() && state.locked && state.switches == before {
                self.drop_request.store(true, Ordering::Relaxed);
            }
        }
        state.waiting -= 1;
        state.locked = true;
        state.switches += 1;
        self.drop_request.store(false, Ordering::Relaxed);
        self.taken.notify_all();
        Held(self)
    }
    // ANCHOR_END: acquire

    /// How often the lock has been taken so far.
    pub fn switches(&self) -> u64 {
        self.lock().switches
    }

    fn release(&self) {
        self.lock().locked = false;
        self.released.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held<'_> {
    // ANCHOR: breathe
    /// Called between two instructions: gives the lock up if somebody asked for it, and
    /// waits until somebody had it. With nobody waiting it keeps the lock.
    pub fn breathe(&mut self) {
        if !self.0.drop_request.load(Ordering::Relaxed) {
            return;
        }
        let mut state = self.0.lock();
        if state.waiting == 0 {
            return;
        }
        let before = state.switches;
        state.locked = false;
        self.0.released.notify_one();
        while state.switches == before {
            state = self
                .0
                .taken
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        // Not `*self = …`: the old value must not release what somebody else holds now.
        std::mem::forget(self.0.acquire());
    }
    // ANCHOR_END: breathe

    /// Does something that needs no interpreter (waits for a network, computes in C), and
    /// lets others run meanwhile.
    pub fn without<T>(&mut self, work: impl FnOnce() -> T) -> T {
        self.0.release();
        let done = work();
        std::mem::forget(self.0.acquire());
        done
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.release();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::{Gil, SWITCH_INTERVAL};

    #[test]
    fn asked_with_nobody_waiting_it_keeps_the_lock() {
        let gil = Gil::new(SWITCH_INTERVAL);
        let mut held = gil.acquire();
        gil.drop_request.store(true, Ordering::Relaxed);
        held.breathe();
        assert_eq!(gil.switches(), 1, "it was given up and taken again");
        assert!(gil.lock().locked);
    }
}
