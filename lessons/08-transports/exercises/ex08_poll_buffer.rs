//! # The buffer behind long polling
//!
//! A client that polls is away between two answers. Keep the last `capacity` events,
//! numbered from 1, and answer the question "what came after number N?": the events, none
//! when there is nothing new, or `None` when an event in between is no longer kept or
//! when N was never given out.
//!
//! Try it: `cargo test --test ex08_poll_buffer`

/// The last events.
pub struct PollBuffer {}

impl PollBuffer {
    /// Will keep `capacity` events.
    pub fn new(capacity: usize) -> Self {
        todo!("exercise ex08_poll_buffer: room for {capacity}")
    }

    /// Adds an event and returns its number; the first is 1.
    pub fn push(&mut self, data: &str) -> u64 {
        todo!("exercise ex08_poll_buffer: keep {data:?}")
    }

    /// The events behind number `id`, oldest first, with their numbers.
    pub fn after(&self, id: u64) -> Option<Vec<(u64, String)>> {
        todo!("exercise ex08_poll_buffer: what came after {id}?")
    }
}
