//! A condition variable, in the smallest thing that needs one: a gate.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

// ANCHOR: gate
/// Keeps threads waiting until it is opened, once and for all.
#[derive(Debug, Default)]
pub struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    /// Waits until the gate is open.
    pub fn wait(&self) {
        let mut open = self.open.lock().unwrap();
        while !*open {
            open = self.opened.wait(open).unwrap();
        }
    }

    /// Opens the gate and wakes every waiting thread.
    pub fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}
// ANCHOR_END: gate

impl Gate {
    // ANCHOR: wait_for
    /// Waits until the gate is open, but at most for `limit`. Returns whether it is open.
    pub fn wait_for(&self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        while !*open {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.opened.wait_timeout(open, left);
            (open, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        true
    }
    // ANCHOR_END: wait_for
}
