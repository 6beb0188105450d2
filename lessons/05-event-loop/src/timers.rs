//! Deadlines, and what waits for them: the loop asks for the first one to know how long
//! it may sleep.
//!
//! No clock in here. The time is passed in, so a test needs no sleep and a year passes in
//! a line.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Instant;

/// The name of one timer. Never used twice by the same [`Timers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimerId(u64);

// ANCHOR: timers
/// A heap of deadlines. Equal deadlines are due in the order in which they were set.
pub struct Timers<T> {
    /// The earliest on top. May hold timers that are cancelled.
    heap: BinaryHeap<Reverse<(Instant, TimerId)>>,
    /// Those that are not cancelled.
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
    /// Sets a timer for `deadline`.
    pub fn set(&mut self, deadline: Instant, what: T) -> TimerId {
        let id = TimerId(self.next);
        self.next += 1;
        self.heap.push(Reverse((deadline, id)));
        self.waiting.insert(id, what);
        id
    }

    /// Takes back what waits for this timer; `None` when it was taken already.
    ///
    /// To cancel and to fire are the same move: whoever takes it first has it.
    pub fn take(&mut self, id: TimerId) -> Option<T> {
        let what = self.waiting.remove(&id);
        // Most timeouts are cancelled. If their deadlines stayed, a busy server's heap
        // would hold mainly those.
        if self.heap.len() > 64 && self.heap.len() > 2 * self.waiting.len() {
            let waiting = &self.waiting;
            self.heap
                .retain(|Reverse((_, id))| waiting.contains_key(id));
        }
        what
    }

    /// The first deadline for which something waits.
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
    /// Those that are due at `now`, in the order of their deadlines. Each still has to be
    /// [taken](Self::take): the first of them may cancel the second.
    pub fn due(&mut self, now: Instant) -> Vec<TimerId> {
        let mut due = Vec::new();
        while self.next_deadline().is_some_and(|deadline| deadline <= now) {
            due.extend(self.heap.pop().map(|Reverse((_, id))| id));
        }
        due
    }
    // ANCHOR_END: due

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many entries the heap holds, the cancelled ones too.
    pub fn held(&self) -> usize {
        self.heap.len()
    }
}
