//! # Moving a session to a WebSocket
//!
//! A session uses polling, and a WebSocket is tried alongside it. Write what the server
//! decides. No message may be lost or arrive twice, so at every moment exactly one
//! transport carries messages.
//!
//! 1. A poll waits until there is a message. Only one may wait: a second one is
//!    [`Poll::Refused`], and the first keeps waiting. (The real server then ends the
//!    session. In this exercise that is the caller's job.)
//! 2. A WebSocket is accepted if none is being tried, and none carries the session yet.
//! 3. Its first packet must be exactly `2probe`. The server confirms it, and from then on
//!    polls are released with a noop: the one that is waiting, and each later one. The
//!    client stops polling as soon as none of its polls is waiting.
//! 4. Then a packet that is exactly `5` moves the session. From then on the WebSocket
//!    carries messages, and polls are refused.
//! 5. If the WebSocket sends any other packet before that, the server gives it up. The
//!    same happens if the WebSocket ends. The session continues over polling: a poll that
//!    is waiting keeps waiting, and another WebSocket may be tried.
//!
//! Try it: `cargo test --test ex09_upgrade`

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

/// Which transport carries one session.
#[derive(Debug, Default)]
pub struct Upgrade {
    // Yours.
}

impl Upgrade {
    /// Returns a session that was opened over polling.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the transport that carries messages now.
    pub fn transport(&self) -> Transport {
        todo!("exercise ex09_upgrade: which transport carries the session?")
    }

    /// A poll has arrived.
    pub fn poll(&mut self) -> Poll {
        todo!("exercise ex09_upgrade: what happens to a poll?")
    }

    /// The waiting poll is gone: it was answered with messages, or its client hung up.
    pub fn poll_answered(&mut self) {
        todo!("exercise ex09_upgrade: no poll is waiting now")
    }

    /// A WebSocket for this session has opened. Returns whether it is accepted.
    pub fn websocket_opens(&mut self) -> bool {
        todo!("exercise ex09_upgrade: may this WebSocket be tried?")
    }

    /// The accepted WebSocket has sent a packet, and the session has not moved there yet.
    pub fn websocket_says(&mut self, packet: &str) -> Probe {
        todo!("exercise ex09_upgrade: what does {packet:?} do?")
    }

    /// The accepted WebSocket has ended before the session moved there.
    pub fn websocket_ends(&mut self) {
        todo!("exercise ex09_upgrade: the session continues over polling")
    }
}
