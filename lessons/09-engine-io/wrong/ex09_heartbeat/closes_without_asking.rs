//! Caught by: a_late_ping_leaves_the_client_its_whole_time
//!
//! Closes a session that was never asked, if `on_time` is very late.

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
    Gone,
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
            State::PingAt(due) | State::PongBy(due) => Some(due),
            State::Gone => None,
        }
    }

    /// Returns what is due at `now`. It may be called too early, and it may be called
    /// late.
    pub fn on_time(&mut self, now: Duration) -> Action {
        match self.state {
            State::PingAt(due) if now >= due + self.timeout => {
                self.state = State::Gone;
                Action::Close
            }
            State::PingAt(due) if now >= due => {
                self.state = State::PongBy(now + self.timeout);
                Action::Ping
            }
            State::PongBy(due) if now >= due => {
                self.state = State::Gone;
                Action::Close
            }
            _ => Action::Wait,
        }
    }

    /// A pong has arrived.
    pub fn on_pong(&mut self, now: Duration) {
        if let State::PongBy(_) = self.state {
            self.state = State::PingAt(now + self.interval);
        }
    }
}
