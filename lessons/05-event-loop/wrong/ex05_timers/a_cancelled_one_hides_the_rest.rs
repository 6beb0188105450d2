//! Caught by: a_cancelled_timer_does_not_fire
//!
//! It pops a cancelled timer and returns `None`, although the next one is due.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

/// The identity of a timer: its deadline, and a number that no other timer of the same
/// `Timers` ever has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimerId(Duration, u64);

/// Values that wait for their deadlines.
pub struct Timers<T> {
    heap: BinaryHeap<Reverse<TimerId>>,
    waiting: HashMap<TimerId, T>,
    number: u64,
}

impl<T> Timers<T> {
    /// Creates an empty collection.
    pub fn new() -> Self {
        Self {
            heap: BinaryHeap::new(),
            waiting: HashMap::new(),
            number: 0,
        }
    }

    /// Adds `value`, due at `deadline`.
    pub fn set(&mut self, deadline: Duration, value: T) -> TimerId {
        let timer = TimerId(deadline, self.number);
        self.number += 1;
        self.heap.push(Reverse(timer));
        self.waiting.insert(timer, value);
        timer
    }

    /// Returns the earliest deadline.
    pub fn next(&self) -> Option<Duration> {
        self.waiting.keys().map(|timer| timer.0).min()
    }

    /// Removes one value that is due at `now`, the earliest first.
    pub fn pop_due(&mut self, now: Duration) -> Option<T> {
        let first = self.heap.peek()?;
        if first.0.0 > now {
            return None;
        }
        let Reverse(timer) = self.heap.pop()?;
        self.waiting.remove(&timer)
    }

    /// Removes this timer and returns its value.
    pub fn cancel(&mut self, timer: TimerId) -> Option<T> {
        self.waiting.remove(&timer)
    }
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self::new()
    }
}
