//! Waiting until something has happened: `gevent.event.Event` and `AsyncResult`.

use std::sync::PoisonError;
use std::time::Duration;

use may::sync::{Mutex, SyncFlag};

/// A flag that is set once and stays set. Setting it wakes every coroutine that waits.
#[derive(Default)]
pub struct Event(SyncFlag);

impl Event {
    // ANCHOR: event
    /// Sets the flag and wakes every coroutine that waits for it.
    pub fn set(&self) {
        self.0.fire();
    }

    /// Waits until the flag is set.
    pub fn wait(&self) {
        self.0.wait();
    }
    // ANCHOR_END: event

    /// Creates a flag that is not set.
    pub fn new() -> Self {
        Self(SyncFlag::new())
    }

    /// Checks the flag without waiting, for a coroutine that computes.
    pub fn is_set(&self) -> bool {
        self.0.is_fired()
    }

    /// Waits until the flag is set, but at most `limit`. Returns whether it is set.
    pub fn wait_for(&self, limit: Duration) -> bool {
        self.0.wait_timeout(limit)
    }
}

/// An event with a value: each coroutine that waits gets a clone of it.
#[derive(Default)]
pub struct AsyncResult<T> {
    value: Mutex<Option<T>>,
    ready: Event,
}

impl<T: Clone> AsyncResult<T> {
    /// Creates a result that has no value yet.
    pub fn new() -> Self {
        Self {
            value: Mutex::new(None),
            ready: Event::new(),
        }
    }

    /// Sets the value and wakes every coroutine that waits for it.
    ///
    /// # Errors
    /// Returns the value when one has been set before.
    pub fn set(&self, value: T) -> Result<(), T> {
        let mut place = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        if place.is_some() {
            return Err(value);
        }
        *place = Some(value);
        drop(place);
        self.ready.set();
        Ok(())
    }

    /// Waits for the value, but at most `limit`.
    pub fn get(&self, limit: Duration) -> Option<T> {
        if self.ready.wait_for(limit) {
            self.value
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone()
        } else {
            None
        }
    }
}
