//! Caught by: cancelling_keeps_the_order_of_the_others
//!
//! `swap_remove` moves the last timer into the gap, and the `Vec` is no longer sorted.

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
        self.waiting.sort_by_key(|(timer, _)| *timer);
        timer
    }

    /// Returns the earliest deadline.
    pub fn next(&self) -> Option<Duration> {
        self.waiting.first().map(|(timer, _)| timer.0)
    }

    /// Removes one value that is due at `now`, the earliest first.
    pub fn pop_due(&mut self, now: Duration) -> Option<T> {
        (self.next()? <= now).then(|| self.waiting.remove(0).1)
    }

    /// Removes this timer and returns its value.
    pub fn cancel(&mut self, timer: TimerId) -> Option<T> {
        let index = self.waiting.iter().position(|(id, _)| *id == timer)?;
        Some(self.waiting.swap_remove(index).1)
    }
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self::new()
    }
}
