//! The interface of both machines: a translator between a client of old times and
//! a server of today. Packets go in on either side, and packets come out on either side.
//! No socket, no clock, no task.
//!
//! ```text
//!   client of 2013                  machine                 server of today
//!   1::/chat            ──►  handle_client, to_server  ──►  40/chat,
//!   1::/chat            ◄──  to_client, handle_server  ◄──  40/chat,{"sid":"…"}
//! ```

use std::sync::Arc;

use bytes::Bytes;
use engine_io::EncodedMessage;

use crate::memo::Memo;

/// A packet for, or from, a client of old times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A text packet.
    Text(Arc<str>),
    /// A binary packet of protocol 3, with the byte of its type in front.
    Binary(Bytes),
}

impl Piece {
    /// A text packet.
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::Text(text.as_ref().into())
    }

    /// Returns how many bytes it has.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A machine's reaction to a packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// For the server: packets of Engine.IO 4, as text or as binary messages.
    pub to_server: Vec<Piece>,
    /// For the client, in its own language.
    pub to_client: Vec<Piece>,
    /// The session ends after these: the client has said so, or it has broken a rule.
    pub end: Option<End>,
}

/// Why a machine ends the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The client said goodbye.
    Client,
    /// The client broke a rule of its protocol.
    Broken,
}

/// A translator: one for each session.
pub trait Machine: Send {
    /// The transport is open: returns the first packets.
    fn open(&mut self) -> Output;
    /// A packet of the client, as it was before framing.
    fn handle_client(&mut self, packet: &Piece) -> Output;
    /// A packet of the server. The memo knows what other sessions have made of the same
    /// packet.
    fn handle_server(&mut self, packet: &EncodedMessage, memo: &Memo) -> Output;
    /// The last packet, for a session that the server has ended; `forced` if it was the
    /// application that wanted it, so that the client does not come back.
    fn last(&self, forced: bool) -> Piece;
}
