//! Caught by: equal_deadlines_keep_their_order
//!
//! The misconception: no two timers have the same deadline.

use std::collections::BTreeMap;
use std::time::Duration;

/// The name of a timer: when it is due, and a number that no other timer of the same
/// `Timers` ever has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimerId(Duration, u64);

/// What is to be done, and when.
pub struct Timers<T> {
    waiting: BTreeMap<Duration, T>,
}

impl<T> Timers<T> {
    /// No timers yet.
    pub fn new() -> Self {
        Self {
            waiting: BTreeMap::new(),
        }
    }

    /// Has `what` wait until `deadline`.
    pub fn set(&mut self, deadline: Duration, what: T) -> TimerId {
        self.waiting.insert(deadline, what);
        TimerId(deadline, 0)
    }

    /// The first deadline.
    pub fn next(&self) -> Option<Duration> {
        self.waiting
            .first_key_value()
            .map(|(deadline, _)| *deadline)
    }

    /// Takes one that is due at `now`, the earliest first.
    pub fn pop_due(&mut self, now: Duration) -> Option<T> {
        let first = self.waiting.first_entry()?;
        (*first.key() <= now).then(|| first.remove())
    }

    /// Takes this one back.
    pub fn cancel(&mut self, timer: TimerId) -> Option<T> {
        let _ = timer.1;
        self.waiting.remove(&timer.0)
    }
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self::new()
    }
}
