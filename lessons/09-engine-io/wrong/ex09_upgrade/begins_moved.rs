//! Caught by: a_session_starts_on_polling
//!
//! Starts on a WebSocket.

/// What carries messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// HTTP long polling.
    Polling,
    /// A WebSocket.
    WebSocket,
}

/// What the server does with a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// It waits until there is a message.
    Waits,
    /// It is answered at once, with a noop.
    Noop,
    /// It is refused.
    Refused,
}

/// What the server does with a packet from the WebSocket before the session has moved
/// there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Send `3probe`, and release the waiting poll, if there is one.
    Confirmed {
        /// Whether a poll was waiting, which is now answered with a noop.
        release: bool,
    },
    /// The session has moved to this WebSocket.
    Moved,
    /// Close this WebSocket.
    GivenUp,
}

#[derive(Clone, Copy, Debug, Default)]
enum Phase {
    Polling,
    Opened,
    Confirmed,
    #[default]
    Moved,
}

/// Which transport carries one session.
#[derive(Debug, Default)]
pub struct Upgrade {
    phase: Phase,
    /// A poll is waiting.
    polled: bool,
}

impl Upgrade {
    /// Returns a session that was opened over polling.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the transport that carries messages now.
    pub fn transport(&self) -> Transport {
        match self.phase {
            Phase::Moved => Transport::WebSocket,
            _ => Transport::Polling,
        }
    }

    /// A poll has arrived.
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

    /// The waiting poll is gone: it was answered with messages, or its client hung up.
    pub fn poll_answered(&mut self) {
        self.polled = false;
    }

    /// A WebSocket for this session has opened. Returns whether it is accepted.
    pub fn websocket_opens(&mut self) -> bool {
        let free = matches!(self.phase, Phase::Polling);
        if free {
            self.phase = Phase::Opened;
        }
        free
    }

    /// The accepted WebSocket has sent a packet, and the session has not moved there yet.
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

    /// The accepted WebSocket has ended before the session moved there.
    pub fn websocket_ends(&mut self) {
        self.phase = Phase::Polling;
    }
}
