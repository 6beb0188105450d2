//! # How long is the payload?
//!
//! The chapter shows how a length is written. Read it back.
//!
//! - `bytes` begins with the second byte of a frame's header. Its top bit is the mask
//!   bit, which does not matter here. Its lower seven bits are the length up to 125; 126
//!   means that the length follows in two bytes, 127 that it follows in eight, the most
//!   significant byte first. More bytes of the frame can follow.
//! - Return the length, and how many of `bytes` it took: 1, 3 or 9.
//! - Return `None` if the length is not complete. More bytes arrive with the next read.
//! - A length with the highest of its 64 bits set is [`WrongLength::TopBit`]. A length in
//!   a longer form than it needs is [`WrongLength::NotShortest`].
//!
//! Try it: `cargo test --test ex07_payload_length`

/// A rule that a length breaks (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongLength {
    /// It fits into a shorter form.
    NotShortest,
    /// The first of its 64 bits is set.
    TopBit,
}

/// Returns the length of the payload, and how many of `bytes` it took; `None` if more
/// bytes are needed.
///
/// # Errors
/// Returns the rule that the length breaks.
pub fn payload_length(bytes: &[u8]) -> Result<Option<(u64, usize)>, WrongLength> {
    todo!("exercise ex07_payload_length: what do {bytes:?} say?")
}
