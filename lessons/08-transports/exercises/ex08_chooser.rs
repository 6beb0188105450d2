//! # The chooser
//!
//! Try transports in order, one at a time.
//!
//! - An event that arrives over the transport being tried chooses it.
//! - If it is refused, or silent for as long as `patience`, try the next. The next has the
//!   whole patience, counted from the moment when it became the current one: the `now` of
//!   the call that moved on.
//! - Ignore everything about a transport that is not the current one, whether it was
//!   given up before or has not been tried yet.
//! - A chosen transport never times out. If it is refused (its connection broke for good),
//!   try the next, which then has to prove itself.
//! - After the last one, `current` returns `None`, whatever happens.
//!
//! `now` is the time since the chooser was created. It never goes backwards.
//!
//! Try it: `cargo test --test ex08_chooser`

use std::time::Duration;

/// Tries transports, the most capable first.
pub struct Chooser {}

impl Chooser {
    /// Starts to try the first of `order`, at time 0.
    pub fn new(order: Vec<&'static str>, patience: Duration) -> Self {
        todo!("exercise ex08_chooser: try {order:?}, each for {patience:?}")
    }

    /// Returns the current transport, which is being tried or was chosen, or `None` if
    /// none is left.
    pub fn current(&self) -> Option<&'static str> {
        todo!("exercise ex08_chooser: which one is it now?")
    }

    /// Returns the current transport if it was chosen.
    pub fn chosen(&self) -> Option<&'static str> {
        todo!("exercise ex08_chooser: is one chosen?")
    }

    /// Records that an event arrived over the transport `from`.
    pub fn event(&mut self, from: &str) {
        todo!("exercise ex08_chooser: an event over {from}")
    }

    /// Records that the transport `from` was refused, or broke.
    pub fn refused(&mut self, from: &str, now: Duration) {
        todo!("exercise ex08_chooser: no {from} at {now:?}")
    }

    /// Checks the time.
    pub fn tick(&mut self, now: Duration) {
        todo!("exercise ex08_chooser: it is {now:?}")
    }
}
