//! Caught by: the_earliest_comes_first
//!
//! The misconception: timers come in the order in which they were set.

use std::time::Duration;

/// The name of a timer: when it is due, and a number that no other timer of the same
/// `Timers` ever has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimerId(Duration, u64);

/// What is to be done, and when.
pub struct Timers<T> {
    waiting: Vec<(TimerId, T)>,
    number: u64,
}

impl<T> Timers<T> {
    /// No timers yet.
    pub fn new() -> Self {
        Self {
            waiting: Vec::new(),
            number: 0,
        }
    }

    /// Has `what` wait until `deadline`.
    pub fn set(&mut self, deadline: Duration, what: T) -> TimerId {
        let timer = TimerId(deadline, self.number);
        self.number += 1;
        self.waiting.push((timer, what));
        timer
    }

    /// The first deadline.
    pub fn next(&self) -> Option<Duration> {
        self.waiting.iter().map(|(timer, _)| timer.0).min()
    }

    /// Takes one that is due at `now`, the earliest first.
    pub fn pop_due(&mut self, now: Duration) -> Option<T> {
        let at = self.waiting.iter().position(|(timer, _)| timer.0 <= now)?;
        Some(self.waiting.remove(at).1)
    }

    /// Takes this one back.
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
