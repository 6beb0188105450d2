//! # Timers
//!
//! A loop may sleep until its first deadline and not longer. Write what keeps the
//! deadlines. There is no clock in it: the time is passed in, as the time since the loop
//! began.
//!
//! - `set` takes something that is to be done at a deadline and gives the timer's name.
//! - `next` gives the first deadline.
//! - `pop_due` gives something that is due at `now`, a deadline that is just `now`
//!   included, or nothing. Called again and again it gives all that is due, the earliest
//!   deadline first, and equal deadlines in the order in which they were set.
//! - `cancel` takes a timer back: it is not due any more, and its deadline does not
//!   count. It gives what was to be done, or nothing when that has been taken already.
//!
//! Try it: `cargo test --test ex05_timers`

use std::time::Duration;

/// The name of a timer: when it is due, and a number that no other timer of the same
/// `Timers` ever has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimerId(Duration, u64);

/// What is to be done, and when.
pub struct Timers<T> {
    // Yours to change.
    waiting: Vec<(TimerId, T)>,
}

impl<T> Timers<T> {
    /// No timers yet.
    pub fn new() -> Self {
        Self {
            waiting: Vec::new(),
        }
    }

    /// Has `what` wait until `deadline`.
    pub fn set(&mut self, deadline: Duration, what: T) -> TimerId {
        let _ = (&mut self.waiting, TimerId(deadline, 0), what);
        todo!("exercise ex05_timers: set")
    }

    /// The first deadline.
    pub fn next(&self) -> Option<Duration> {
        todo!("exercise ex05_timers: next")
    }

    /// Takes one that is due at `now`, the earliest first.
    pub fn pop_due(&mut self, now: Duration) -> Option<T> {
        let _ = now;
        todo!("exercise ex05_timers: pop_due")
    }

    /// Takes this one back.
    pub fn cancel(&mut self, timer: TimerId) -> Option<T> {
        let _ = (timer.0, timer.1);
        todo!("exercise ex05_timers: cancel")
    }
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self::new()
    }
}
