//! Caught by: bytes_in_flight_leave_the_next_write_its_size
//!
//! Subtracts the bytes in flight from the size of the write.

/// The client reads too slowly; its connection has to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlowReader;

/// The outbound queue of one client.
#[derive(Debug)]
pub struct Outbound {
    budget: usize,
    queue: std::collections::VecDeque<Vec<u8>>,
    queued: usize,
    under_way: usize,
    slow: bool,
}

impl Outbound {
    /// Returns an empty queue with a budget of `budget` bytes.
    pub fn new(budget: usize) -> Self {
        Self {
            budget,
            queue: std::collections::VecDeque::new(),
            queued: 0,
            under_way: 0,
            slow: false,
        }
    }

    /// Appends a message. Returns whether the writer has to be woken.
    ///
    /// # Errors
    /// [`SlowReader`] if the budget is exceeded, and on every later call.
    pub fn push(&mut self, message: Vec<u8>) -> Result<bool, SlowReader> {
        if self.slow {
            return Err(SlowReader);
        }
        let nothing = self.queue.is_empty() && self.under_way == 0;
        if !nothing && self.outstanding() + message.len() > self.budget {
            self.slow = true;
            self.queue.clear();
            self.queued = 0;
            return Err(SlowReader);
        }
        self.queued += message.len();
        self.queue.push_back(message);
        Ok(nothing)
    }

    /// Returns the messages for the next write: as many as fit into `most` bytes, and at
    /// least one if there is one.
    pub fn take(&mut self, most: usize) -> Vec<Vec<u8>> {
        let mut taken = Vec::new();
        let mut bytes = 0;
        let most = most.saturating_sub(self.under_way);
        while let Some(next) = self.queue.front() {
            if !taken.is_empty() && bytes + next.len() > most {
                break;
            }
            bytes += next.len();
            taken.extend(self.queue.pop_front());
        }
        self.queued -= bytes;
        self.under_way += bytes;
        taken
    }

    /// `bytes` of the messages in flight have been sent.
    pub fn written(&mut self, bytes: usize) {
        self.under_way -= bytes;
    }

    /// Returns the number of bytes that count against the budget.
    pub fn outstanding(&self) -> usize {
        self.queued + self.under_way
    }
}
