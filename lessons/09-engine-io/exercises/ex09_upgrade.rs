//! # The session moves
//!
//! A session lives on polling, and a WebSocket is tried beside it. Write what the server
//! decides. No message may be lost or come twice on the way, so at each moment exactly
//! one transport carries messages.
//!
//! 1. A poll waits at the server until there is something, one at a time: a second is
//!    refused.
//! 2. A WebSocket for the session is taken if none is there yet, and does not carry
//!    messages yet.
//! 3. Its first packet has to be `2probe`; it is confirmed by `3probe`, and polls are let
//!    go from then on, one that waits and each that comes, with a noop: the client stops
//!    polling when none of its polls is out.
//! 4. Then `5` moves the session. From now on the WebSocket carries messages, and polls
//!    are refused.
//! 5. Any other packet before that makes the server give up this WebSocket; so does its
//!    end. The session goes on by polling, and another WebSocket may be tried.
//!
//! Try it: `cargo test --test ex09_upgrade`

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

/// Where a session lives.
#[derive(Debug, Default)]
pub struct Upgrade {
    // Yours.
}

impl Upgrade {
    /// A session that has opened by polling.
    pub fn new() -> Self {
        Self::default()
    }

    /// What carries messages now.
    pub fn transport(&self) -> Transport {
        todo!("exercise ex09_upgrade: where is it?")
    }

    /// A poll has come.
    pub fn poll(&mut self) -> Poll {
        todo!("exercise ex09_upgrade: what becomes of a poll?")
    }

    /// The poll that waited has been answered: with messages, or because its client hung
    /// up.
    pub fn poll_answered(&mut self) {
        todo!("exercise ex09_upgrade: no poll waits any more")
    }

    /// A WebSocket has come; whether it is taken.
    pub fn websocket_opens(&mut self) -> bool {
        todo!("exercise ex09_upgrade: is there one already?")
    }

    /// A packet has come over the WebSocket that was taken, and the session has not moved
    /// there.
    pub fn websocket_says(&mut self, packet: &str) -> Probe {
        todo!("exercise ex09_upgrade: what does {packet:?} do?")
    }

    /// The WebSocket that was taken has ended before the session moved there.
    pub fn websocket_ends(&mut self) {
        todo!("exercise ex09_upgrade: back to where we were")
    }
}
