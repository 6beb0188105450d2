//! Caught by: a_waiting_coroutine_leaves_its_worker_free
//!
//! Yields and asks again instead of waiting: new coroutines never get the worker.

use std::collections::VecDeque;
use std::sync::PoisonError;

use may::coroutine::yield_now;
use may::sync::Mutex;

/// A queue with a bound that can be closed.
pub struct Bounded<T> {
    places: usize,
    state: Mutex<State<T>>,
}

struct State<T> {
    items: VecDeque<T>,
    closed: bool,
}

impl<T> Bounded<T> {
    /// Creates a queue with `places` places, at least 1.
    pub fn new(places: usize) -> Self {
        let state = State {
            items: VecDeque::new(),
            closed: false,
        };
        Self {
            places,
            state: Mutex::new(state),
        }
    }

    /// Puts an item in. Waits while the queue is full.
    ///
    /// # Errors
    /// Returns the item when the queue is closed.
    pub fn put(&self, item: T) -> Result<(), T> {
        loop {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.closed {
                return Err(item);
            }
            if state.items.len() < self.places {
                state.items.push_back(item);
                return Ok(());
            }
            drop(state);
            yield_now();
        }
    }

    /// Takes the oldest item out. Waits while the queue is empty. Returns `None` when it
    /// is empty and closed.
    pub fn take(&self) -> Option<T> {
        loop {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let item = state.items.pop_front();
            if item.is_some() || state.closed {
                return item;
            }
            drop(state);
            yield_now();
        }
    }

    /// Closes the queue.
    pub fn close(&self) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .closed = true;
    }
}
