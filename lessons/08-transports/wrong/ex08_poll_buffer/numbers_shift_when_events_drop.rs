//! Caught by: a_client_receives_the_events_after_its_number
//!
//! Numbers the events by their place in the buffer.

use std::collections::VecDeque;

/// The last events.
pub struct PollBuffer {
    events: VecDeque<String>,
    last: u64,
    capacity: usize,
}

impl PollBuffer {
    /// Creates a buffer that keeps `capacity` events.
    pub fn new(capacity: usize) -> Self {
        Self {
            events: VecDeque::new(),
            last: 0,
            capacity,
        }
    }

    /// Adds an event and returns its number; the first is 1.
    pub fn push(&mut self, data: &str) -> u64 {
        self.last += 1;
        self.events.push_back(data.to_owned());
        if self.events.len() > self.capacity {
            self.events.pop_front();
        }
        self.last
    }

    /// Returns the events after number `id`, oldest first, with their numbers.
    pub fn after(&self, id: u64) -> Option<Vec<(u64, String)>> {
        let dropped = self.last - self.events.len() as u64;
        if id < dropped || id > self.last {
            return None;
        }
        Some(
            (1..)
                .zip(self.events.iter().cloned())
                .filter(|&(number, _)| number > id)
                .collect(),
        )
    }
}
