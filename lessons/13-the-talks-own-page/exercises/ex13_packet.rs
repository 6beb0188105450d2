//! # A packet of Socket.IO 0.9
//!
//! `5:1+:/chat:{"name":"join","args":["tea"]}` is an event for the endpoint `/chat`, and
//! its sender asks for the handler's value, under the number 1. Write both directions of
//! `type:[id[+]]:[endpoint][:data]`.
//!
//! - The type is one digit, from 0 to 8.
//! - The id is a number in decimal digits that fits into a `u64`, or it is missing. A `+`
//!   can follow the number, but cannot stand alone.
//! - The endpoint is empty or starts with a slash.
//! - The data is everything after the third colon, and can contain colons. For a packet
//!   without data, `parse` accepts the third colon and `encode` does not write it. The
//!   first two colons are always there.
//!
//! A text that breaks one of these rules is a [`BadPacket`].
//!
//! Try it: `cargo test --test ex13_packet`

/// A packet of Socket.IO 0.9.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The type, from 0 to 8.
    pub kind: u8,
    /// The number of an event whose sender wants an acknowledgement.
    pub id: Option<u64>,
    /// Whether a `+` follows the number.
    pub wants_value: bool,
    /// The endpoint, or nothing.
    pub endpoint: String,
    /// The data, or nothing.
    pub data: String,
}

/// The text is not a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPacket;

/// Reads a packet.
///
/// # Errors
/// The text is not a packet.
pub fn parse(text: &str) -> Result<Packet, BadPacket> {
    todo!("exercise ex13_packet: which fields does {text:?} have?")
}

/// Writes a packet.
pub fn encode(packet: &Packet) -> String {
    todo!("exercise ex13_packet: how is {packet:?} written?")
}
