//! Caught by: equal_deadlines_keep_their_order
//!
//! It assumes that no two timers have the same deadline.

use std::collections::BTreeMap;
use std::time::Duration;

/// The identity of a timer: its deadline, and a number that no other timer of the same
/// `Timers` ever has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimerId(Duration, u64);

/// Values that wait for their deadlines.
pub struct Timers<T> {
    waiting: BTreeMap<Duration, T>,
}

impl<T> Timers<T> {
    /// Creates an empty collection.
    pub fn new() -> Self {
        Self {
            waiting: BTreeMap::new(),
        }
    }

    /// Adds `value`, due at `deadline`.
    pub fn set(&mut self, deadline: Duration, value: T) -> TimerId {
        self.waiting.insert(deadline, value);
        TimerId(deadline, 0)
    }

    /// Returns the earliest deadline.
    pub fn next(&self) -> Option<Duration> {
        self.waiting
            .first_key_value()
            .map(|(deadline, _)| *deadline)
    }

    /// Removes one value that is due at `now`, the earliest first.
    pub fn pop_due(&mut self, now: Duration) -> Option<T> {
        let first = self.waiting.first_entry()?;
        (*first.key() <= now).then(|| first.remove())
    }

    /// Removes this timer and returns its value.
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
