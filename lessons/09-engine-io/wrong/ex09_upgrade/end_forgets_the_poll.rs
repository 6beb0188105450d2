//! Caught by: giving_up_leaves_the_waiting_poll_alone
//!
//! Forgets the waiting poll when the WebSocket ends.

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

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Alone,
    Opened,
    Confirmed,
    Moved,
}

/// Which transport carries one session.
#[derive(Debug, Default)]
pub struct Upgrade {
    state: State,
    poll_waits: bool,
}

impl Upgrade {
    /// Returns a session that was opened over polling.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the transport that carries messages now.
    pub fn transport(&self) -> Transport {
        if self.state == State::Moved {
            Transport::WebSocket
        } else {
            Transport::Polling
        }
    }

    /// A poll has arrived.
    pub fn poll(&mut self) -> Poll {
        if self.state == State::Moved || self.poll_waits {
            return Poll::Refused;
        }
        if self.state == State::Confirmed {
            return Poll::Noop;
        }
        self.poll_waits = true;
        Poll::Waits
    }

    /// The waiting poll is gone: it was answered with messages, or its client hung up.
    pub fn poll_answered(&mut self) {
        self.poll_waits = false;
    }

    /// A WebSocket for this session has opened. Returns whether it is accepted.
    pub fn websocket_opens(&mut self) -> bool {
        let taken = self.state == State::Alone;
        if taken {
            self.state = State::Opened;
        }
        taken
    }

    /// The accepted WebSocket has sent a packet, and the session has not moved there yet.
    pub fn websocket_says(&mut self, packet: &str) -> Probe {
        match (&self.state, packet) {
            (State::Opened, "2probe") => {
                self.state = State::Confirmed;
                let release = self.poll_waits;
                self.poll_waits = false;
                Probe::Confirmed { release }
            }
            (State::Confirmed, "5") => {
                self.state = State::Moved;
                Probe::Moved
            }
            _ => {
                self.state = State::Alone;
                Probe::GivenUp
            }
        }
    }

    /// The accepted WebSocket has ended before the session moved there.
    pub fn websocket_ends(&mut self) {
        *self = Self::default();
    }
}
