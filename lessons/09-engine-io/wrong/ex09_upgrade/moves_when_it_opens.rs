//! Caught by: a_websocket_that_has_not_probed_carries_nothing
//!
//! A WebSocket that is open works.

/// What carries messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// HTTP.
    Polling,
    /// A WebSocket.
    WebSocket,
}

/// What becomes of a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// It waits until there is something for it.
    Waits,
    /// It is answered with a noop, at once.
    Noop,
    /// It is refused.
    Refused,
}

/// What becomes of a packet that came over the WebSocket, before the session has moved
/// there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Answer `3probe`; a poll that waits is let go with a noop if `release` says so.
    Confirmed {
        /// A poll waits.
        release: bool,
    },
    /// The session is here now.
    Moved,
    /// Close this WebSocket.
    GivenUp,
}

#[derive(Clone, Copy, Debug, Default)]
enum Phase {
    #[default]
    Polling,
    Opened,
    Confirmed,
    Moved,
}

/// Where a session lives.
#[derive(Debug, Default)]
pub struct Upgrade {
    phase: Phase,
    /// A poll waits.
    polled: bool,
}

impl Upgrade {
    /// A session that has opened by polling.
    pub fn new() -> Self {
        Self::default()
    }

    /// What carries messages now.
    pub fn transport(&self) -> Transport {
        match self.phase {
            Phase::Moved | Phase::Opened => Transport::WebSocket,
            _ => Transport::Polling,
        }
    }

    /// A poll has come.
    pub fn poll(&mut self) -> Poll {
        match self.phase {
            Phase::Moved => Poll::Refused,
            Phase::Confirmed => Poll::Noop,
            Phase::Polling | Phase::Opened if self.polled => Poll::Refused,
            Phase::Polling | Phase::Opened => {
                self.polled = true;
                Poll::Waits
            }
        }
    }

    /// The poll that waited has been answered: with messages, or because its client hung
    /// up.
    pub fn poll_answered(&mut self) {
        self.polled = false;
    }

    /// A WebSocket has come; whether it is taken.
    pub fn websocket_opens(&mut self) -> bool {
        let free = matches!(self.phase, Phase::Polling);
        if free {
            self.phase = Phase::Opened;
        }
        free
    }

    /// A packet has come over the WebSocket that was taken, and the session has not moved
    /// there.
    pub fn websocket_says(&mut self, packet: &str) -> Probe {
        match (self.phase, packet) {
            (Phase::Opened, "2probe") => {
                self.phase = Phase::Confirmed;
                Probe::Confirmed {
                    release: std::mem::take(&mut self.polled),
                }
            }
            (Phase::Confirmed, "5") => {
                self.phase = Phase::Moved;
                Probe::Moved
            }
            _ => {
                self.websocket_ends();
                Probe::GivenUp
            }
        }
    }

    /// The WebSocket that was taken has ended before the session moved there.
    pub fn websocket_ends(&mut self) {
        self.phase = Phase::Polling;
    }
}
