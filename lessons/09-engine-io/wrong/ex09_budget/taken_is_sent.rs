//! Caught by: bytes_in_flight_count_until_they_are_written
//!
//! Counts messages as sent when they are taken.

use std::collections::VecDeque;

/// The client reads too slowly; its connection has to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlowReader;

/// The outbound queue of one client.
#[derive(Debug)]
pub struct Outbound {
    budget: usize,
    /// `None` once the client was too slow.
    queue: Option<VecDeque<Vec<u8>>>,
    outstanding: usize,
}

impl Outbound {
    /// Returns an empty queue with a budget of `budget` bytes.
    pub fn new(budget: usize) -> Self {
        Self {
            budget,
            queue: Some(VecDeque::new()),
            outstanding: 0,
        }
    }

    /// Appends a message. Returns whether the writer has to be woken.
    ///
    /// # Errors
    /// [`SlowReader`] if the budget is exceeded, and on every later call.
    pub fn push(&mut self, message: Vec<u8>) -> Result<bool, SlowReader> {
        let queue = self.queue.as_mut().ok_or(SlowReader)?;
        let was_idle = self.outstanding == 0;
        if !was_idle && self.outstanding + message.len() > self.budget {
            let queued: usize = queue.iter().map(Vec::len).sum();
            self.outstanding -= queued;
            self.queue = None;
            return Err(SlowReader);
        }
        self.outstanding += message.len();
        queue.push_back(message);
        Ok(was_idle)
    }

    /// Returns the messages for the next write: as many as fit into `most` bytes, and at
    /// least one if there is one.
    pub fn take(&mut self, most: usize) -> Vec<Vec<u8>> {
        let (mut taken, mut bytes) = (Vec::new(), 0);
        let Some(queue) = &mut self.queue else {
            return taken;
        };
        while let Some(message) =
            queue.pop_front_if(|next| taken.is_empty() || bytes + next.len() <= most)
        {
            bytes += message.len();
            self.outstanding -= message.len();
            taken.push(message);
        }
        taken
    }

    /// `bytes` of the messages in flight have been sent.
    pub fn written(&mut self, bytes: usize) {
        self.outstanding = self.outstanding.saturating_sub(bytes);
    }

    /// Returns the number of bytes that count against the budget.
    pub fn outstanding(&self) -> usize {
        self.outstanding
    }
}
