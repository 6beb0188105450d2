//! A global interpreter lock, as CPython has had it since version 3.2.
//!
//! The thread that executes bytecode holds the lock; the others wait. A thread that has
//! waited for one interval, 5 ms, without the lock changing hands requests it. The holder
//! sees the request between two instructions and hands the lock over: it releases it and
//! waits until another thread has taken it. Otherwise the holder, which is awake, would
//! take it back before the waiting thread is even running.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Python's default, `sys.getswitchinterval()`.
pub const SWITCH_INTERVAL: Duration = Duration::from_millis(5);

/// The lock.
#[derive(Debug)]
pub struct Gil {
    state: Mutex<State>,
    /// Notified when the lock is released.
    released: Condvar,
    /// Notified when the lock is taken.
    taken: Condvar,
    /// Set by a thread that has waited too long. The holder reads it between any two
    /// instructions, so reading it must cost next to nothing.
    drop_request: AtomicBool,
    interval: Duration,
}

#[derive(Debug, Default)]
struct State {
    locked: bool,
    /// How often the lock was taken: by this a waiting thread sees that the lock has
    /// changed hands in the meantime.
    switches: u64,
    waiting: u32,
}

/// The right to execute bytecode. Dropping it releases the lock.
#[derive(Debug)]
pub struct Held<'g>(&'g Gil);

impl Gil {
    /// Creates an unlocked lock whose waiters request it after `interval`.
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
    /// Waits for the lock, and requests it whenever an interval passes in which it has not
    /// changed hands.
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

    /// Returns how often the lock has been taken so far.
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
    /// Hands the lock over if another thread has requested it. Called between two
    /// instructions.
    pub fn yield_if_requested(&mut self) {
        if self.0.drop_request.load(Ordering::Relaxed) {
            self.hand_over();
        }
    }

    // ANCHOR: hand_over
    /// Releases the lock, waits until another thread has taken it, and then waits for it
    /// like any other thread. If no thread is waiting, it keeps the lock.
    pub fn hand_over(&mut self) {
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
        // `*self = …` would drop the old value, and that would release the lock.
        std::mem::forget(self.0.acquire());
    }
    // ANCHOR_END: hand_over

    /// Releases the lock for `work` that needs no interpreter, such as waiting for a
    /// network or computing in C, and takes it again afterwards.
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
    fn a_request_without_a_waiting_thread_keeps_the_lock() {
        let gil = Gil::new(SWITCH_INTERVAL);
        let mut held = gil.acquire();
        gil.drop_request.store(true, Ordering::Relaxed);
        held.yield_if_requested();
        assert_eq!(gil.switches(), 1, "it was released and taken again");
        assert!(gil.lock().locked);
    }
}
