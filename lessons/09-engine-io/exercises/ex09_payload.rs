//! # Several packets in one body
//!
//! A poll brings all packets that wait, in one HTTP body. Write both directions: packets
//! are joined by the character 0x1e, a text packet stands as it is, and the bytes of a
//! binary message as `b` and base64 (standard, with `=`).
//!
//! A body comes from a client, so anything may be in it. Between two separators there has
//! to be a packet, also before the first and behind the last; and what follows a `b` has
//! to be base64. Else the whole body is [`BadPayload`].
//!
//! Try it: `cargo test --test ex09_payload`

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
    todo!(
        "exercise ex09_payload: how do {packets:?} look? {}",
        STANDARD.encode("base64 looks like this")
    )
}

/// Takes a body apart.
///
/// # Errors
/// A body with an empty packet, or one that is no base64 behind its `b`.
pub fn decode(body: &str) -> Result<Vec<Packet>, BadPayload> {
    todo!("exercise ex09_payload: what is in {body:?}?")
}
