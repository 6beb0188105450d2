//! Caught by: what_is_due_just_now_is_due
//!
//! Off by one: a deadline has to be past.

use std::collections::BTreeMap;
use std::time::Duration;

/// The name of a timer: when it is due, and a number that no other timer of the same
/// `Timers` ever has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimerId(Duration, u64);

/// What is to be done, and when.
pub struct Timers<T> {
    waiting: BTreeMap<TimerId, T>,
    number: u64,
}

impl<T> Timers<T> {
    /// No timers yet.
    pub fn new() -> Self {
        Self {
            waiting: BTreeMap::new(),
            number: 0,
        }
    }

    /// Has `what` wait until `deadline`.
    pub fn set(&mut self, deadline: Duration, what: T) -> TimerId {
        let timer = TimerId(deadline, self.number);
        self.number += 1;
        self.waiting.insert(timer, what);
        timer
    }

    /// The first deadline.
    pub fn next(&self) -> Option<Duration> {
        self.waiting.first_key_value().map(|(timer, _)| timer.0)
    }

    /// Takes one that is due at `now`, the earliest first.
    pub fn pop_due(&mut self, now: Duration) -> Option<T> {
        let first = self.waiting.first_entry()?;
        (first.key().0 < now).then(|| first.remove())
    }

    /// Takes this one back.
    pub fn cancel(&mut self, timer: TimerId) -> Option<T> {
        self.waiting.remove(&timer)
    }
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self::new()
    }
}
