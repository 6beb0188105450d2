//! Caught by: what_is_chosen_may_be_silent
//!
//! Times out what works.

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
    /// Begins to try the first of `order`, at time 0.
    pub fn new(order: Vec<&'static str>, patience: Duration) -> Self {
        Self {
            order,
            at: 0,
            since: Duration::ZERO,
            patience,
            works: false,
        }
    }

    /// The transport that is being tried, or that was chosen. `None` when there is none
    /// left.
    pub fn current(&self) -> Option<&'static str> {
        self.order.get(self.at).copied()
    }

    /// The transport that was chosen.
    pub fn chosen(&self) -> Option<&'static str> {
        self.current().filter(|_| self.works)
    }

    /// An event came by the transport `from`.
    pub fn event(&mut self, from: &str) {
        if self.current() == Some(from) {
            self.works = true;
        }
    }

    /// The transport `from` was refused, or broke.
    pub fn refused(&mut self, from: &str, now: Duration) {
        if self.current() == Some(from) {
            self.next(now);
        }
    }

    /// Time has passed.
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
