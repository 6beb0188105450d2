//! Caught by: encode_then_decode_returns_the_packets
//!
//! Removes a second `b`, which belongs to the base64.

use base64::{Engine, engine::general_purpose::STANDARD};

/// One packet of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// A text packet with its type: `4hello`, `2`.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
}

/// The body is not a list of packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPayload;

/// Returns the body that carries these packets.
pub fn encode(packets: &[Packet]) -> String {
    packets
        .iter()
        .map(|packet| match packet {
            Packet::Text(text) => text.clone(),
            Packet::Binary(bytes) => format!("b{}", STANDARD.encode(bytes)),
        })
        .collect::<Vec<_>>()
        .join("\x1e")
}

/// Returns the packets of a body.
///
/// # Errors
/// A packet is empty, or a `b` is followed by something that is not base64.
pub fn decode(body: &str) -> Result<Vec<Packet>, BadPayload> {
    body.split('\x1e')
        .map(|packet| match packet.strip_prefix('b') {
            Some(base64) => STANDARD
                .decode(base64.strip_prefix('b').unwrap_or(base64))
                .map(Packet::Binary)
                .map_err(|_| BadPayload),
            None if packet.is_empty() => Err(BadPayload),
            None => Ok(Packet::Text(packet.to_string())),
        })
        .collect()
}
