//! Caught by: an_empty_packet_is_refused
//!
//! Returns an empty packet as an empty text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

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
    let parts: Vec<_> = packets
        .iter()
        .map(|packet| match packet {
            Packet::Text(text) => text.clone(),
            Packet::Binary(bytes) => format!("b{}", STANDARD.encode(bytes)),
        })
        .collect();
    parts.join("\u{1e}")
}

/// Returns the packets of a body.
///
/// # Errors
/// A packet is empty, or a `b` is followed by something that is not base64.
pub fn decode(body: &str) -> Result<Vec<Packet>, BadPayload> {
    body.split('\u{1e}')
        .map(|part| match part.strip_prefix('b') {
            Some(base64) => STANDARD
                .decode(base64)
                .map(Packet::Binary)
                .map_err(|_| BadPayload),
            None => Ok(Packet::Text(part.to_owned())),
        })
        .collect()
}
