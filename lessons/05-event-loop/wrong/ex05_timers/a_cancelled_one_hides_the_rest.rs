//! Caught by: a_cancelled_timer_is_not_due
//!
//! A cancelled timer on top of the heap is popped, and what is due behind it is forgotten
//! for now.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

/// The name of a timer: when it is due, and a number that no other timer of the same
/// `Timers` ever has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimerId(Duration, u64);

/// What is to be done, and when.
pub struct Timers<T> {
    heap: BinaryHeap<Reverse<TimerId>>,
    waiting: HashMap<TimerId, T>,
    number: u64,
}

impl<T> Timers<T> {
    /// No timers yet.
    pub fn new() -> Self {
        Self {
            heap: BinaryHeap::new(),
            waiting: HashMap::new(),
            number: 0,
        }
    }

    /// Has `what` wait until `deadline`.
    pub fn set(&mut self, deadline: Duration, what: T) -> TimerId {
        let timer = TimerId(deadline, self.number);
        self.number += 1;
        self.heap.push(Reverse(timer));
        self.waiting.insert(timer, what);
        timer
    }

    /// The first deadline.
    pub fn next(&self) -> Option<Duration> {
        self.waiting.keys().map(|timer| timer.0).min()
    }

    /// Takes one that is due at `now`, the earliest first.
    pub fn pop_due(&mut self, now: Duration) -> Option<T> {
        let first = self.heap.peek()?;
        if first.0.0 > now {
            return None;
        }
        let Reverse(timer) = self.heap.pop()?;
        self.waiting.remove(&timer)
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
