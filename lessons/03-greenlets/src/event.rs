//! Waiting until something has happened: `gevent.event.Event` and `AsyncResult`.

use std::sync::PoisonError;
use std::time::Duration;

use may::sync::{Mutex, SyncFlag};

// ANCHOR: event
/// A flag that is down, and then up for good. All who wait go on when it rises.
#[derive(Default)]
pub struct Event(SyncFlag);

impl Event {
    /// A flag that is down.
    pub fn new() -> Self {
        Self(SyncFlag::new())
    }

    /// Raises it.
    pub fn set(&self) {
        self.0.fire();
    }

    /// Whether it is up. For one that computes, and looks now and then.
    pub fn is_set(&self) -> bool {
        self.0.is_fired()
    }

    /// Waits until it is up.
    pub fn wait(&self) {
        self.0.wait();
    }

    /// Waits until it is up, or time is over; whether it is up.
    pub fn wait_for(&self, limit: Duration) -> bool {
        self.0.wait_timeout(limit)
    }
}
// ANCHOR_END: event

/// An event that carries a value: who waits gets a copy.
#[derive(Default)]
pub struct AsyncResult<T> {
    value: Mutex<Option<T>>,
    ready: Event,
}

impl<T: Clone> AsyncResult<T> {
    /// Without a value.
    pub fn new() -> Self {
        Self {
            value: Mutex::new(None),
            ready: Event::new(),
        }
    }

    /// Gives the value to all who wait, and to all who will. A second one is ignored, and
    /// given back.
    ///
    /// # Errors
    /// The value, when there was one already.
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

    /// Waits for the value; `None` when time is over.
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
