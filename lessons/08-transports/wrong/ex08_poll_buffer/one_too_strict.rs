//! Caught by: the_oldest_kept_event_can_be_fetched
//!
//! Demands the event before the oldest one, though no client needs it.

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
        if id <= dropped && dropped > 0 || id > self.last {
            return None;
        }
        Some(
            (dropped + 1..)
                .zip(self.events.iter().cloned())
                .filter(|&(number, _)| number > id)
                .collect(),
        )
    }
}
