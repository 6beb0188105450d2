//! # What waits for a slow reader
//!
//! A client that reads slower than it is sent to makes the server keep what it has not
//! read. Write the queue between the two, with a budget in bytes.
//!
//! - `push` adds a message. It says whether the writer has to be woken: only when nothing
//!   was there before, neither queued nor under way.
//! - `take` hands the writer messages for one write: as many as fit into `most` bytes,
//!   but at least one. They count against the budget until `written` says that so many
//!   bytes are on the network.
//! - A message that would raise the bytes above the budget is [`SlowReader`]: all that
//!   waits is freed, and from then on every push is. But a message that comes when
//!   nothing is there is always taken, however long: else it could never be sent.
//!
//! Try it: `cargo test --test ex09_budget`

/// The reader was too slow; its connection is to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlowReader;

/// What waits for one client.
#[derive(Debug)]
pub struct Outbound {
    budget: usize,
    // Yours.
}

impl Outbound {
    /// A queue for `budget` bytes.
    pub fn new(budget: usize) -> Self {
        Self { budget }
    }

    /// Adds a message; whether the writer has to be woken.
    ///
    /// # Errors
    /// [`SlowReader`], now and from then on.
    pub fn push(&mut self, message: Vec<u8>) -> Result<bool, SlowReader> {
        todo!(
            "exercise ex09_budget: {} bytes more, and {} are allowed",
            message.len(),
            self.budget
        )
    }

    /// The messages for the next write: as many as fit into `most` bytes, at least one if
    /// there is one.
    pub fn take(&mut self, most: usize) -> Vec<Vec<u8>> {
        todo!("exercise ex09_budget: at most {most} bytes")
    }

    /// So many bytes of what was taken are on the network.
    pub fn written(&mut self, bytes: usize) {
        todo!("exercise ex09_budget: {bytes} bytes less")
    }

    /// The bytes that count against the budget.
    pub fn outstanding(&self) -> usize {
        todo!("exercise ex09_budget: how many?")
    }
}
