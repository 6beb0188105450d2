//! Caught by: the_next_deadline_is_the_earliest
//!
//! `next` removes the timer whose deadline it returns.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

/// The identity of a timer: its deadline, and a number that no other timer of the same
/// `Timers` ever has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimerId(Duration, u64);

/// Values that wait for their deadlines.
pub struct Timers<T> {
    waiting: RefCell<BTreeMap<TimerId, T>>,
    number: u64,
}

impl<T> Timers<T> {
    /// Creates an empty collection.
    pub fn new() -> Self {
        Self {
            waiting: RefCell::default(),
            number: 0,
        }
    }

    /// Adds `value`, due at `deadline`.
    pub fn set(&mut self, deadline: Duration, value: T) -> TimerId {
        let timer = TimerId(deadline, self.number);
        self.number += 1;
        self.waiting.get_mut().insert(timer, value);
        timer
    }

    /// Returns the earliest deadline.
    pub fn next(&self) -> Option<Duration> {
        self.waiting.borrow_mut().pop_first().map(|(timer, _)| timer.0)
    }

    /// Removes one value that is due at `now`, the earliest first.
    pub fn pop_due(&mut self, now: Duration) -> Option<T> {
        let first = self.waiting.get_mut().first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    /// Removes this timer and returns its value.
    pub fn cancel(&mut self, timer: TimerId) -> Option<T> {
        self.waiting.get_mut().remove(&timer)
    }
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self::new()
    }
}
