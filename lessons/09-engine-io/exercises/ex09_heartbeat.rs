//! # Is anybody there?
//!
//! A connection whose other end has gone looks like one on which nothing is said. So the
//! server asks. Write the clock of one session. It owns no timer and reads no clock: time
//! comes in as a `Duration` since the session opened, and what is to be done comes out.
//!
//! - The first ping is due `interval` after the opening.
//! - A ping without its pong for `timeout` ends the session.
//! - A pong makes the next ping due `interval` after it.
//! - A pong that nobody asked for changes nothing.
//!
//! Try it: `cargo test --test ex09_heartbeat`

use std::time::Duration;

/// What has to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing is due.
    Wait,
    /// Send a ping.
    Ping,
    /// The client has gone: end the session.
    Close,
}

/// The clock of one session.
#[derive(Debug)]
pub struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    // Yours: what is it waiting for, and until when?
}

impl Heartbeat {
    /// A session that opens now, at time 0.
    pub fn new(interval: Duration, timeout: Duration) -> Self {
        Self { interval, timeout }
    }

    /// When [`Heartbeat::on_time`] wants to be called next. `None` once it has said
    /// [`Action::Close`].
    pub fn deadline(&self) -> Option<Duration> {
        todo!(
            "exercise ex09_heartbeat: when is something due, with {:?} and {:?}?",
            self.interval,
            self.timeout
        )
    }

    /// It is `now`: what is due? It may be asked too early, and it may be asked late.
    pub fn on_time(&mut self, now: Duration) -> Action {
        todo!("exercise ex09_heartbeat: what is due at {now:?}?")
    }

    /// A pong has come.
    pub fn on_pong(&mut self, now: Duration) {
        todo!("exercise ex09_heartbeat: a pong at {now:?}")
    }
}
