//! # The outbound queue of a slow reader
//!
//! If a client reads more slowly than the server sends, the server has to keep the
//! difference. Write the queue in between, with a budget in bytes.
//!
//! - `push` appends a message. It returns whether the writer has to be woken: only if the
//!   queue was empty and no bytes were in flight.
//! - `take` returns the messages for one write, in order: as many as fit into `most`
//!   bytes, but at least one. It stops at the first message that does not fit. These
//!   messages are now *in flight*: they still count against the budget until `written`
//!   reports that their bytes have been sent. (They do not count against `most`.)
//! - A message that would raise the bytes above the budget is an error, [`SlowReader`].
//!   Everything in the queue is then dropped, and every later push is an error too. Bytes
//!   in flight are the writer's and stay counted until they are written.
//! - One exception: if nothing is queued and nothing is in flight, a message is accepted
//!   however long it is. Otherwise it could never be sent.
//!
//! Try it: `cargo test --test ex09_budget`

/// The client reads too slowly; its connection has to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlowReader;

/// The outbound queue of one client.
#[derive(Debug)]
pub struct Outbound {
    budget: usize,
    // Yours.
}

impl Outbound {
    /// Returns an empty queue with a budget of `budget` bytes.
    pub fn new(budget: usize) -> Self {
        Self { budget }
    }

    /// Appends a message. Returns whether the writer has to be woken.
    ///
    /// # Errors
    /// [`SlowReader`] if the budget is exceeded, and on every later call.
    pub fn push(&mut self, message: Vec<u8>) -> Result<bool, SlowReader> {
        todo!(
            "exercise ex09_budget: do {} more bytes fit into a budget of {}?",
            message.len(),
            self.budget
        )
    }

    /// Returns the messages for the next write: as many as fit into `most` bytes, and at
    /// least one if there is one.
    pub fn take(&mut self, most: usize) -> Vec<Vec<u8>> {
        todo!("exercise ex09_budget: which messages fit into {most} bytes?")
    }

    /// `bytes` of the messages in flight have been sent.
    pub fn written(&mut self, bytes: usize) {
        todo!("exercise ex09_budget: {bytes} bytes have been sent")
    }

    /// Returns the number of bytes that count against the budget.
    pub fn outstanding(&self) -> usize {
        todo!("exercise ex09_budget: how many bytes count?")
    }
}
