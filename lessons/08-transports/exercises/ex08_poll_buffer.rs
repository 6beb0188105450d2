//! # The buffer behind long polling
//!
//! A client that polls is disconnected between two responses. Keep the last `capacity`
//! events, so that it can ask what it has missed.
//!
//! - Number the events from 1. Old events make room for new ones, but keep their numbers.
//! - `after(id)` returns the events after number `id`, oldest first, each with its number.
//!   It returns an empty list if there is nothing new.
//! - `after(id)` returns `None` if an event after `id` is no longer kept, because the
//!   client would not notice the gap.
//! - It also returns `None` if `id` was never assigned: the client got it from a server
//!   that has been restarted since. Any `u64` can arrive here.
//!
//! Try it: `cargo test --test ex08_poll_buffer`

/// The last events.
pub struct PollBuffer {}

impl PollBuffer {
    /// Creates a buffer that keeps `capacity` events.
    pub fn new(capacity: usize) -> Self {
        todo!("exercise ex08_poll_buffer: room for {capacity}")
    }

    /// Adds an event and returns its number; the first is 1.
    pub fn push(&mut self, data: &str) -> u64 {
        todo!("exercise ex08_poll_buffer: keep {data:?}")
    }

    /// Returns the events after number `id`, oldest first, with their numbers.
    pub fn after(&self, id: u64) -> Option<Vec<(u64, String)>> {
        todo!("exercise ex08_poll_buffer: what came after {id}?")
    }
}
