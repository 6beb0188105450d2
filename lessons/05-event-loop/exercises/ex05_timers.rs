//! # Timers
//!
//! A loop can sleep until its first deadline, and no longer. Write the collection that
//! keeps the deadlines. It contains no clock: times are passed in, as the time since the
//! loop started.
//!
//! - `set` adds a value with its deadline and returns the timer's identity.
//! - `next` returns the earliest deadline, and removes nothing.
//! - `pop_due` removes and returns one value that is due at `now`, or returns `None`. A
//!   timer whose deadline equals `now` is due. Called repeatedly, it returns everything
//!   that is due: the earliest deadline first, and equal deadlines in the order in which
//!   they were set.
//! - `cancel` removes a timer and returns its value, or `None` if the timer has fired or
//!   was cancelled before. A cancelled deadline no longer counts for `next`, and the other
//!   timers keep their order.
//!
//! A sorted `Vec` will do. `BTreeMap`, a map that is sorted by its keys, is shorter.
//!
//! Try it: `cargo test --test ex05_timers`

use std::time::Duration;

/// The identity of a timer: its deadline, and a number that no other timer of the same
/// `Timers` ever has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimerId(Duration, u64);

/// Values that wait for their deadlines.
pub struct Timers<T> {
    // Yours to change.
    waiting: Vec<(TimerId, T)>,
}

impl<T> Timers<T> {
    /// Creates an empty collection.
    pub fn new() -> Self {
        Self {
            waiting: Vec::new(),
        }
    }

    /// Adds `value`, due at `deadline`.
    pub fn set(&mut self, deadline: Duration, value: T) -> TimerId {
        let _ = (&mut self.waiting, TimerId(deadline, 0), value); // delete this line
        todo!("exercise ex05_timers: set")
    }

    /// Returns the earliest deadline.
    pub fn next(&self) -> Option<Duration> {
        todo!("exercise ex05_timers: next")
    }

    /// Removes one value that is due at `now`, the earliest first.
    pub fn pop_due(&mut self, now: Duration) -> Option<T> {
        let _ = now; // delete this line
        todo!("exercise ex05_timers: pop_due")
    }

    /// Removes this timer and returns its value.
    pub fn cancel(&mut self, timer: TimerId) -> Option<T> {
        let _ = (timer.0, timer.1); // delete this line
        todo!("exercise ex05_timers: cancel")
    }
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self::new()
    }
}
