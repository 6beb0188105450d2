//! # Several packets in one body
//!
//! The response to a poll contains every packet that is waiting, in one HTTP body. Write
//! both directions.
//!
//! - `encode` joins the packets with the character 0x1e. A text packet appears as it is. A
//!   binary message appears as the letter `b`, followed by its bytes in base64 (the
//!   standard alphabet, with `=` at the end).
//! - `decode` takes a body apart again. The body comes from a client, so it can contain
//!   anything. There must be a packet on each side of every separator, and whatever
//!   follows a leading `b` must be base64. If not, the whole body is a [`BadPayload`].
//!
//! Try it: `cargo test --test ex09_payload`

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
    todo!(
        "exercise ex09_payload: what is the body for {packets:?}? {}",
        STANDARD.encode("this is how base64 is called")
    )
}

/// Returns the packets of a body.
///
/// # Errors
/// A packet is empty, or a `b` is followed by something that is not base64.
pub fn decode(body: &str) -> Result<Vec<Packet>, BadPayload> {
    todo!("exercise ex09_payload: what is in {body:?}?")
}
