//! Caught by: a_chosen_transport_can_be_silent
//!
//! Times out a transport that works.

use std::time::Duration;

/// Tries transports, the most capable first.
pub struct Chooser {
    order: Vec<&'static str>,
    at: usize,
    since: Duration,
    patience: Duration,
    works: bool,
}

impl Chooser {
    /// Starts to try the first of `order`, at time 0.
    pub fn new(order: Vec<&'static str>, patience: Duration) -> Self {
        Self {
            order,
            at: 0,
            since: Duration::ZERO,
            patience,
            works: false,
        }
    }

    /// Returns the current transport, which is being tried or was chosen, or `None` if
    /// none is left.
    pub fn current(&self) -> Option<&'static str> {
        self.order.get(self.at).copied()
    }

    /// Returns the current transport if it was chosen.
    pub fn chosen(&self) -> Option<&'static str> {
        self.current().filter(|_| self.works)
    }

    /// Records that an event arrived over the transport `from`.
    pub fn event(&mut self, from: &str) {
        if self.current() == Some(from) {
            self.works = true;
        }
    }

    /// Records that the transport `from` was refused, or broke.
    pub fn refused(&mut self, from: &str, now: Duration) {
        if self.current() == Some(from) {
            self.next(now);
        }
    }

    /// Checks the time.
    pub fn tick(&mut self, now: Duration) {
        if now >= self.since + self.patience {
            self.next(now);
        }
    }

    fn next(&mut self, now: Duration) {
        self.at += 1;
        self.since = now;
        self.works = false;
    }
}
