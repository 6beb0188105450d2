//! Caught by: who_waits_for_a_thing_is_woken
//!
//! Who waits for a thing is not told that one came.

use std::collections::VecDeque;
use std::sync::PoisonError;

use may::sync::{Condvar, Mutex, MutexGuard};

/// A queue for a few things at a time.
pub struct Bounded<T> {
    places: usize,
    state: Mutex<State<T>>,
    not_full: Condvar,
    not_empty: Condvar,
}

struct State<T> {
    things: VecDeque<T>,
    closed: bool,
}

impl<T> Bounded<T> {
    /// A queue for `places` things, 1 at least.
    pub fn new(places: usize) -> Self {
        let state = State {
            things: VecDeque::new(),
            closed: false,
        };
        Self {
            places,
            state: Mutex::new(state),
            not_full: Condvar::new(),
            not_empty: Condvar::new(),
        }
    }

    /// Puts something in. Waits while the queue is full.
    ///
    /// # Errors
    /// The thing itself, when the queue is closed.
    pub fn put(&self, thing: T) -> Result<(), T> {
        let mut state = self.lock();
        while !state.closed && state.things.len() >= self.places {
            state = self
                .not_full
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if state.closed {
            return Err(thing);
        }
        state.things.push_back(thing);
        Ok(())
    }

    /// Takes what is first. Waits while the queue is empty; `None` when it is closed,
    /// too.
    pub fn take(&self) -> Option<T> {
        let mut state = self.lock();
        while !state.closed && state.things.is_empty() {
            state = self
                .not_empty
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let thing = state.things.pop_front();
        self.not_full.notify_one();
        thing
    }

    /// Ends it.
    pub fn close(&self) {
        self.lock().closed = true;
        self.not_full.notify_all();
        self.not_empty.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
