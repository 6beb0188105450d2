//! Deadlines and the values that wait for them. The loop asks for the earliest deadline to
//! know how long it can sleep.
//!
//! There is no clock in here: the time is passed in, so a test needs no sleep, and a year
//! takes one line.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Instant;

/// The identity of one timer, never reused by the same [`Timers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimerId(u64);

// ANCHOR: timers
/// A heap of deadlines. Timers with equal deadlines are due in the order in which they
/// were set.
pub struct Timers<T> {
    /// The earliest on top. Can contain cancelled timers.
    heap: BinaryHeap<Reverse<(Instant, TimerId)>>,
    /// The timers that have neither fired nor been cancelled.
    waiting: HashMap<TimerId, T>,
    next: u64,
}
// ANCHOR_END: timers

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self {
            heap: BinaryHeap::new(),
            waiting: HashMap::new(),
            next: 0,
        }
    }
}

impl<T> Timers<T> {
    /// Sets a timer for `deadline` and returns its identity.
    pub fn set(&mut self, deadline: Instant, what: T) -> TimerId {
        let id = TimerId(self.next);
        self.next += 1;
        self.heap.push(Reverse((deadline, id)));
        self.waiting.insert(id, what);
        id
    }

    /// Removes this timer and returns its value, or `None` if it was removed before.
    ///
    /// Firing and cancelling both call this, and whichever comes first wins.
    pub fn take(&mut self, id: TimerId) -> Option<T> {
        let what = self.waiting.remove(&id);
        // Most timeouts are cancelled. If their deadlines stayed in the heap, a busy
        // server's heap would consist mainly of them.
        if self.heap.len() > 64 && self.heap.len() > 2 * self.waiting.len() {
            let waiting = &self.waiting;
            self.heap
                .retain(|Reverse((_, id))| waiting.contains_key(id));
        }
        what
    }

    /// Returns the earliest deadline of the timers that are still waiting.
    pub fn next_deadline(&mut self) -> Option<Instant> {
        while let Some(Reverse((deadline, id))) = self.heap.peek() {
            if self.waiting.contains_key(id) {
                return Some(*deadline);
            }
            self.heap.pop();
        }
        None
    }

    // ANCHOR: due
    /// Returns the timers that are due at `now`, by deadline. The caller still has to
    /// [take](Self::take) each one, because the first callback might cancel the second.
    pub fn due(&mut self, now: Instant) -> Vec<TimerId> {
        let mut due = Vec::new();
        while self.next_deadline().is_some_and(|deadline| deadline <= now) {
            due.extend(self.heap.pop().map(|Reverse((_, id))| id));
        }
        due
    }
    // ANCHOR_END: due

    /// Returns the number of waiting timers.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Returns whether no timer is waiting.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Returns the number of entries in the heap, including cancelled ones.
    pub fn held(&self) -> usize {
        self.heap.len()
    }
}
