//! Caught by: who_waits_for_an_interval_asks
//!
//! Who waits is patient for ever.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The lock.
#[derive(Debug)]
pub struct Gil {
    interval: Duration,
    state: Mutex<State>,
    released: Condvar,
    taken: Condvar,
}

#[derive(Debug, Default)]
struct State {
    locked: bool,
    asked: bool,
    waiting: u32,
    switches: u64,
}

impl Gil {
    /// An open lock.
    pub fn new(interval: Duration) -> Self {
        Self {
            interval,
            state: Mutex::default(),
            released: Condvar::new(),
            taken: Condvar::new(),
        }
    }

    /// Waits for the lock, and takes it.
    pub fn acquire(&self) {
        self.take(self.lock());
    }

    /// Gives it up.
    pub fn release(&self) {
        self.lock().locked = false;
        self.released.notify_one();
    }

    /// Whether somebody asks for it. Called by who holds it, between two instructions.
    pub fn is_asked(&self) -> bool {
        self.lock().asked
    }

    /// Lets somebody else have it, and comes back with it.
    pub fn hand_over(&self) {
        let mut state = self.lock();
        if state.waiting == 0 {
            return;
        }
        let before = state.switches;
        state.locked = false;
        self.released.notify_one();
        while state.switches == before {
            state = self
                .taken
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        self.take(state);
    }

    fn take(&self, mut state: MutexGuard<'_, State>) {
        state.waiting += 1;
        while state.locked {
            let before = state.switches;
            let waited = self.released.wait_timeout(state, self.interval);
            let (woken, late) = waited.unwrap_or_else(PoisonError::into_inner);
            state = woken;
            if late.timed_out() && state.locked && state.switches == before {}
        }
        state.waiting -= 1;
        state.locked = true;
        state.asked = false;
        state.switches += 1;
        self.taken.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
