//! # Framing with UTF-16 lengths
//!
//! By polling, Socket.IO 0.9 sent several packets in one body: each with `\u{fffd}`, its
//! length, and `\u{fffd}` in front. Write both directions.
//!
//! - `frame` returns the body. No packets are an empty body. One packet is the body
//!   itself, without a frame. Several are framed, one after another.
//! - The length is in UTF-16 units, because it was `packet.length` in JavaScript.
//! - `unframe` takes a body apart. An empty body has no packets. A body that does not
//!   start with `\u{fffd}` is one packet, whatever is in it. A packet may contain
//!   `\u{fffd}` itself: the length says where it ends.
//! - The body comes from a client, so it can contain anything. A length that is not in
//!   decimal digits, or is longer than the rest, or ends in the middle of a character, is
//!   a [`BadFraming`], and so is a rest that does not start with `\u{fffd}`.
//!
//! Try it: `cargo test --test ex13_framing`

/// Stands before and after each length.
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
