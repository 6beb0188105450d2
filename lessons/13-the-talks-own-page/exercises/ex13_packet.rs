//! # A packet of Socket.IO 0.9
//!
//! `5:1+:/chat:{"name":"join","args":["tea"]}` is an event for the endpoint `/chat`, and
//! its sender wants the value of the handler back under the number 1. Write both
//! directions of `type:[id[+]]:[endpoint][:data]`.
//!
//! - The type is one digit, from 0 to 8.
//! - The id is a number in decimal digits that fits into a `u64`, or missing. A `+` may
//!   follow the number, and only a number.
//! - The endpoint is empty or starts with a slash.
//! - The data is everything after the third colon, and may contain colons. Without data
//!   there may be a third colon or not when you read; when you write, there is none.
//!
//! A text that breaks one of these rules is a [`BadPacket`].
//!
//! Try it: `cargo test --test ex13_packet`

/// A packet of Socket.IO 0.9.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The type, from 0 to 8.
    pub kind: u8,
    /// The number of an event that is to be acknowledged.
    pub id: Option<u64>,
    /// A `+` follows the number.
    pub wants_value: bool,
    /// The endpoint, or nothing.
    pub endpoint: String,
    /// The data, or nothing.
    pub data: String,
}

/// The text is not a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPacket;

/// Takes a packet apart.
///
/// # Errors
/// The text is not a packet.
pub fn parse(text: &str) -> Result<Packet, BadPacket> {
    todo!("exercise ex13_packet: which fields does {text:?} have?")
}

/// Puts a packet together.
pub fn encode(packet: &Packet) -> String {
    todo!("exercise ex13_packet: how is {packet:?} written?")
}
