//! # The chooser
//!
//! Try transports in order, one at a time. An event from the one that is being tried
//! chooses it. A refusal from it, or silence for as long as `patience`, goes on to the
//! next, which has the whole patience again. Whatever comes from another than the one
//! that is being tried is late, and ignored. A chosen transport is not timed out any
//! more; when it is refused (its connection broke for good), the next is tried.
//!
//! Time is passed in, counted from the moment when the chooser was made.
//!
//! Try it: `cargo test --test ex08_chooser`

use std::time::Duration;

/// Tries transports, the most capable first.
pub struct Chooser {}

impl Chooser {
    /// Begins to try the first of `order`, at time 0.
    pub fn new(order: Vec<&'static str>, patience: Duration) -> Self {
        todo!("exercise ex08_chooser: try {order:?}, each for {patience:?}")
    }

    /// The transport that is being tried, or that was chosen. `None` when there is none
    /// left.
    pub fn current(&self) -> Option<&'static str> {
        todo!("exercise ex08_chooser: which one is it now?")
    }

    /// The transport that was chosen.
    pub fn chosen(&self) -> Option<&'static str> {
        todo!("exercise ex08_chooser: is one chosen?")
    }

    /// An event came by the transport `from`.
    pub fn event(&mut self, from: &str) {
        todo!("exercise ex08_chooser: an event by {from}")
    }

    /// The transport `from` was refused, or broke.
    pub fn refused(&mut self, from: &str, now: Duration) {
        todo!("exercise ex08_chooser: no {from} at {now:?}")
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Duration) {
        todo!("exercise ex08_chooser: it is {now:?}")
    }
}
