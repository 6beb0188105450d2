//! # Is the client still there?
//!
//! A connection whose other end has disappeared looks exactly like a connection on which
//! nothing is being said. So the server asks. Write the heartbeat of one session. It owns
//! no timer and reads no clock: the caller passes the time, as a `Duration` since the
//! session opened, and the heartbeat returns what has to be done.
//!
//! - The first ping is due `interval` after the session opened.
//! - The client has `timeout` to answer, counted from the moment at which `on_time`
//!   returned [`Action::Ping`]. A busy server may call `on_time` late; it asks first, and
//!   the client still has its whole time.
//! - A pong makes the next ping due `interval` after the pong.
//! - A pong that answers no ping changes nothing.
//! - Only `on_time` closes the session. A pong that arrives after the deadline still
//!   counts if `on_time` has not yet returned [`Action::Close`].
//! - `on_time` returns [`Action::Close`] once. After that nothing is due, and no pong
//!   changes it.
//!
//! Try it: `cargo test --test ex09_heartbeat`

use std::time::Duration;

/// What the server has to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing is due.
    Wait,
    /// Send a ping.
    Ping,
    /// The client is gone: end the session.
    Close,
}

/// The heartbeat of one session.
#[derive(Debug)]
pub struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    // Yours: what is the session waiting for, and until when?
}

impl Heartbeat {
    /// Returns the heartbeat of a session that opens now, at time 0.
    pub fn new(interval: Duration, timeout: Duration) -> Self {
        Self { interval, timeout }
    }

    /// Returns when [`Heartbeat::on_time`] has to be called next, or `None` once the
    /// session has been closed.
    pub fn deadline(&self) -> Option<Duration> {
        todo!(
            "exercise ex09_heartbeat: when is something due, with {:?} and {:?}?",
            self.interval,
            self.timeout
        )
    }

    /// Returns what is due at `now`. It may be called too early, and it may be called
    /// late.
    pub fn on_time(&mut self, now: Duration) -> Action {
        todo!("exercise ex09_heartbeat: what is due at {now:?}?")
    }

    /// A pong has arrived.
    pub fn on_pong(&mut self, now: Duration) {
        todo!("exercise ex09_heartbeat: a pong at {now:?}")
    }
}
