//! # The lock
//!
//! Write Python's global lock. One thread at a time holds it and runs; others wait.
//!
//! - `acquire` waits for the lock. When one interval has passed and the lock is still
//!   held *and has not changed hands meanwhile*, it asks: from then on `is_asked` is
//!   true.
//! - Whoever gets the lock is asked for nothing: `is_asked` is false again.
//! - `release` gives it up. Only who holds it calls it.
//! - `hand_over` is what a holder does that was asked: it gives the lock up, does not
//!   take it again before somebody else has had it, and then waits for it like others.
//!   With nobody waiting it keeps the lock.
//!
//! `Mutex` and `Condvar` of the standard library are enough.
//!
//! Try it: `cargo test --test ex02_gil`

use std::time::Duration;

/// The lock.
#[derive(Debug)]
pub struct Gil {
    interval: Duration,
    // Yours.
}

impl Gil {
    /// An open lock.
    pub fn new(interval: Duration) -> Self {
        Self { interval }
    }

    /// Waits for the lock, and takes it.
    pub fn acquire(&self) {
        todo!(
            "exercise ex02_gil: wait for it, {:?} at a time",
            self.interval
        )
    }

    /// Gives it up.
    pub fn release(&self) {
        todo!("exercise ex02_gil: who waits?")
    }

    /// Whether somebody asks for it. Called by who holds it, between two instructions.
    pub fn is_asked(&self) -> bool {
        todo!("exercise ex02_gil: has somebody waited too long?")
    }

    /// Lets somebody else have it, and comes back with it.
    pub fn hand_over(&self) {
        todo!("exercise ex02_gil: who comes next?")
    }
}
