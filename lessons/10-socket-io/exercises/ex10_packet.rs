//! # Parsing a packet
//!
//! The text of a Socket.IO packet has this form, in which the parts in brackets may be
//! missing:
//!
//! ```text
//! <type>[<attachments>-][<namespace>,][<acknowledgement id>][JSON]
//! ```
//!
//! - The type is one digit from 0 to 6.
//! - Types 5 and 6 must have a number of attachments: one or more digits, at least 1,
//!   followed by `-`. The other types have no such number; there, digits after the type are
//!   the acknowledgement id.
//! - A namespace begins with `/` and ends before the next comma, or at the end of the text
//!   if there is none. The comma is not a part of it. Without a namespace, it is `/`.
//! - The id is all the digits that follow. An id that does not fit into 64 bits is an
//!   error.
//! - The rest is the data. It stays text, exactly as it is, spaces included. Whether it is
//!   JSON is not checked here.
//!
//! Any other text is a [`BadPacket`].
//!
//! Try it: `cargo test --test ex10_packet`

/// The parts of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// 0 connect, 1 disconnect, 2 event, 3 acknowledgement, 4 connect error, 5 binary
    /// event, 6 binary acknowledgement.
    pub kind: u8,
    /// How many attachments follow.
    pub attachments: usize,
    /// `/` if the text has none.
    pub namespace: &'a str,
    /// The number of the question that this is, or that this answers.
    pub id: Option<u64>,
    /// The rest of the text.
    pub data: &'a str,
}

/// The text does not have the form of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPacket;

/// Returns the parts of a packet.
///
/// # Errors
/// The text does not have the form of a packet.
pub fn parse(text: &str) -> Result<Packet<'_>, BadPacket> {
    todo!("exercise ex10_packet: what are the parts of {text:?}?")
}
