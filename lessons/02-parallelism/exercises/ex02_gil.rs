//! # A global interpreter lock
//!
//! Write the lock of chapter 2. One thread at a time holds it; the others wait.
//!
//! - `acquire` waits for the lock and takes it. Whenever a waiting thread sees one interval
//!   pass in which the lock was held *and did not change hands*, it requests the lock: from
//!   then on `is_requested` returns true.
//! - A thread that takes the lock starts without a request: `is_requested` returns false.
//! - `release` releases the lock. Only the thread that holds it calls this.
//! - `hand_over` is called by a holder that has seen a request. It releases the lock, does
//!   not return or take it back before another thread has taken it, and then waits for it
//!   like any other thread. If no thread is waiting, it keeps the lock.
//!
//! `Mutex` and `Condvar` of the standard library are all you need.
//!
//! Try it: `cargo test --test ex02_gil`

use std::sync::{Condvar, Mutex};
use std::time::Duration;

/// The lock.
#[derive(Debug)]
pub struct Gil {
    interval: Duration,
    // What does the lock have to know? Your fields go here.
}

impl Gil {
    /// Creates an unlocked lock.
    pub fn new(interval: Duration) -> Self {
        // Delete this line: it only keeps the compiler quiet about what you do not use yet.
        let _ = (Mutex::new(()), Condvar::new());
        Self { interval }
    }

    /// Waits for the lock, and takes it.
    pub fn acquire(&self) {
        todo!(
            "exercise ex02_gil: wait for it, {:?} at a time",
            self.interval
        )
    }

    /// Releases the lock.
    pub fn release(&self) {
        todo!("exercise ex02_gil: which thread has to wake up?")
    }

    /// Returns whether another thread has requested the lock. The holder calls this
    /// between two instructions.
    pub fn is_requested(&self) -> bool {
        todo!("exercise ex02_gil: has a thread waited for too long?")
    }

    /// Lets another thread have the lock, and returns when this thread has it again.
    pub fn hand_over(&self) {
        todo!("exercise ex02_gil: how do you know that another thread has had it?")
    }
}
