//! Caught by: a_pong_makes_the_next_ping_due
//!
//! Counts the interval from the last ping.

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

#[derive(Debug)]
enum State {
    PingAt(Duration),
    PongBy(Duration),
    Closed,
}

/// The heartbeat of one session.
#[derive(Debug)]
pub struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    state: State,
}

impl Heartbeat {
    /// Returns the heartbeat of a session that opens now, at time 0.
    pub fn new(interval: Duration, timeout: Duration) -> Self {
        Self {
            interval,
            timeout,
            state: State::PingAt(interval),
        }
    }

    /// Returns when [`Heartbeat::on_time`] has to be called next, or `None` once the
    /// session has been closed.
    pub fn deadline(&self) -> Option<Duration> {
        match self.state {
            State::PingAt(at) | State::PongBy(at) => Some(at),
            State::Closed => None,
        }
    }

    /// Returns what is due at `now`. It may be called too early, and it may be called
    /// late.
    pub fn on_time(&mut self, now: Duration) -> Action {
        match self.state {
            State::PingAt(at) if now >= at => {
                // From now, not from `at`.
                self.state = State::PongBy(now + self.timeout);
                Action::Ping
            }
            State::PongBy(by) if now >= by => {
                self.state = State::Closed;
                Action::Close
            }
            _ => Action::Wait,
        }
    }

    /// A pong has arrived.
    pub fn on_pong(&mut self, now: Duration) {
        if let State::PongBy(by) = self.state {
            let _ = now;
            self.state = State::PingAt(by - self.timeout + self.interval);
        }
    }
}
