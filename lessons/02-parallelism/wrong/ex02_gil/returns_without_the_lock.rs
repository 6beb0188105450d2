//! Caught by: one_thread_at_a_time_holds_the_lock_after_a_hand_over
//!
//! `hand_over` returns when another thread has the lock, without waiting for it.

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
    requested: bool,
    waiting: u32,
    switches: u64,
}

impl Gil {
    /// Creates an unlocked lock.
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

    /// Releases the lock.
    pub fn release(&self) {
        self.lock().locked = false;
        self.released.notify_one();
    }

    /// Returns whether another thread has requested the lock.
    pub fn is_requested(&self) -> bool {
        self.lock().requested
    }

    /// Lets another thread have the lock, and returns when this thread has it again.
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
        drop(state);
    }

    fn take(&self, mut state: MutexGuard<'_, State>) {
        state.waiting += 1;
        while state.locked {
            let before = state.switches;
            let waited = self.released.wait_timeout(state, self.interval);
            let (woken, late) = waited.unwrap_or_else(PoisonError::into_inner);
            state = woken;
            if late.timed_out() && state.locked && state.switches == before {
                state.requested = true;
            }
        }
        state.waiting -= 1;
        state.locked = true;
        state.requested = false;
        state.switches += 1;
        self.taken.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
