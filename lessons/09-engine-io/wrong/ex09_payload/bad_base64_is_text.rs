//! Caught by: what_is_no_base64_is_refused
//!
//! What cannot be decoded stays as it is.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A packet in a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// A text packet with its type: `4hello`, `2`.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
}

/// A body that no client of ours would send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPayload;

/// Joins packets into a body.
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

/// Takes a body apart.
///
/// # Errors
/// A body with an empty packet, or one that is no base64 behind its `b`.
pub fn decode(body: &str) -> Result<Vec<Packet>, BadPayload> {
    body.split('\u{1e}')
        .map(|part| match part.strip_prefix('b') {
            Some(base64) => Ok(STANDARD
                .decode(base64)
                .map_or_else(|_| Packet::Text(part.to_owned()), Packet::Binary)),
            None if part.is_empty() => Err(BadPayload),
            None => Ok(Packet::Text(part.to_owned())),
        })
        .collect()
}
