//! # A queue that can be closed
//!
//! A queue between coroutines that has a bound and an end.
//!
//! - `put` waits while the queue is full, `take` while it is empty. The item that was put
//!   in first comes out first.
//! - `close` ends the queue. From then on `put` returns the item in an `Err`. `take`
//!   still returns the items that are in the queue, and after them `None`.
//! - A coroutine that waits in `put` or `take` when the queue is closed resumes at once.
//! - When a coroutine resumes, another one might have been quicker: then it waits again.
//! - While a coroutine waits, its worker is free: put only the coroutine to sleep, never
//!   the thread under it, and do not ask in a loop. Use what `may::sync` offers.
//!
//! Try it: `cargo test --test ex03_bounded`

use std::collections::VecDeque;

#[allow(unused_imports, reason = "only until you use them: delete this line")]
use may::sync::{Condvar, Mutex};

/// A queue with a bound that can be closed.
pub struct Bounded<T> {
    places: usize,
    // Only makes use of `T`: what your queue needs takes its place.
    unused: VecDeque<T>,
}

impl<T> Bounded<T> {
    /// Creates a queue with `places` places, at least 1.
    pub fn new(places: usize) -> Self {
        Self {
            places,
            unused: VecDeque::new(),
        }
    }

    /// Puts an item in. Waits while the queue is full.
    ///
    /// # Errors
    /// Returns the item when the queue is closed.
    pub fn put(&self, item: T) -> Result<(), T> {
        // Only keeps the compiler from complaining: delete this line.
        let _ = (&self.unused, item);
        todo!("exercise ex03_bounded: a queue with {} places", self.places)
    }

    /// Takes the oldest item out. Waits while the queue is empty. Returns `None` when it
    /// is empty and closed.
    pub fn take(&self) -> Option<T> {
        todo!("exercise ex03_bounded: the oldest item")
    }

    /// Closes the queue.
    pub fn close(&self) {
        todo!("exercise ex03_bounded: which coroutines wait?")
    }
}
