//! # Framing with UTF-16 lengths
//!
//! With polling, Socket.IO 0.9 sent several packets in one body. Each packet then has
//! `\u{fffd}`, its length, and `\u{fffd}` in front. Write both directions.
//!
//! - `frame` returns the body. Without packets, the body is empty. A single packet is the
//!   body itself, without a frame. Several packets are framed, one after another.
//! - The length is in UTF-16 code units, because it was `packet.length` in JavaScript.
//! - `unframe` returns the packets of a body. An empty body has none. A body that does
//!   not start with `\u{fffd}` is one packet, whatever it contains. A packet can contain
//!   `\u{fffd}` itself; only the length says where the packet ends.
//! - The body comes from a client, so it can contain anything. Return [`BadFraming`] for
//!   a length that is not decimal digits, that is longer than the rest of the body, or
//!   that ends in the middle of a character, and if something other than `\u{fffd}`
//!   follows a framed packet.
//!
//! Try it: `cargo test --test ex13_framing`

/// The character before and after each length.
pub const FRAME: char = '\u{fffd}';

/// The frames of a body do not add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadFraming;

/// Returns the body for these packets.
pub fn frame(packets: &[&str]) -> String {
    todo!("exercise ex13_framing: which body has the packets {packets:?}?")
}

/// Returns the packets of a body.
///
/// # Errors
/// The frames do not add up.
pub fn unframe(body: &str) -> Result<Vec<String>, BadFraming> {
    todo!("exercise ex13_framing: which packets are in {body:?}?")
}
