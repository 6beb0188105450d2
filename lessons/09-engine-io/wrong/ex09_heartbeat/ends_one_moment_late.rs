//! Caught by: no_pong_is_the_end
//!
//! A deadline that is reached is not yet missed.

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

#[derive(Debug)]
enum State {
    PingAt(Duration),
    PongBy(Duration),
    Closed,
}

/// The clock of one session.
#[derive(Debug)]
pub struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    state: State,
}

impl Heartbeat {
    /// A session that opens now, at time 0.
    pub fn new(interval: Duration, timeout: Duration) -> Self {
        Self {
            interval,
            timeout,
            state: State::PingAt(interval),
        }
    }

    /// When [`Heartbeat::on_time`] wants to be called next. `None` once it has said
    /// [`Action::Close`].
    pub fn deadline(&self) -> Option<Duration> {
        match self.state {
            State::PingAt(at) | State::PongBy(at) => Some(at),
            State::Closed => None,
        }
    }

    /// It is `now`: what is due? It may be asked too early, and it may be asked late.
    pub fn on_time(&mut self, now: Duration) -> Action {
        match self.state {
            State::PingAt(at) if now >= at => {
                // From when it goes out: a client cannot answer what was not asked yet.
                self.state = State::PongBy(now + self.timeout);
                Action::Ping
            }
            State::PongBy(by) if now > by => {
                self.state = State::Closed;
                Action::Close
            }
            _ => Action::Wait,
        }
    }

    /// A pong has come.
    pub fn on_pong(&mut self, now: Duration) {
        if let State::PongBy(_) = self.state {
            self.state = State::PingAt(now + self.interval);
        }
    }
}
