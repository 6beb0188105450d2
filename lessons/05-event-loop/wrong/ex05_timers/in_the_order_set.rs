//! Caught by: the_earliest_comes_first
//!
//! It returns timers in the order in which they were set, not by deadline.

use std::time::Duration;

/// The identity of a timer: its deadline, and a number that no other timer of the same
/// `Timers` ever has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimerId(Duration, u64);

/// Values that wait for their deadlines.
pub struct Timers<T> {
    waiting: Vec<(TimerId, T)>,
    number: u64,
}

impl<T> Timers<T> {
    /// Creates an empty collection.
    pub fn new() -> Self {
        Self {
            waiting: Vec::new(),
            number: 0,
        }
    }

    /// Adds `value`, due at `deadline`.
    pub fn set(&mut self, deadline: Duration, value: T) -> TimerId {
        let timer = TimerId(deadline, self.number);
        self.number += 1;
        self.waiting.push((timer, value));
        timer
    }

    /// Returns the earliest deadline.
    pub fn next(&self) -> Option<Duration> {
        self.waiting.iter().map(|(timer, _)| timer.0).min()
    }

    /// Removes one value that is due at `now`, the earliest first.
    pub fn pop_due(&mut self, now: Duration) -> Option<T> {
        let at = self.waiting.iter().position(|(timer, _)| timer.0 <= now)?;
        Some(self.waiting.remove(at).1)
    }

    /// Removes this timer and returns its value.
    pub fn cancel(&mut self, timer: TimerId) -> Option<T> {
        let at = self.waiting.iter().position(|(other, _)| *other == timer)?;
        Some(self.waiting.remove(at).1)
    }
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self::new()
    }
}
