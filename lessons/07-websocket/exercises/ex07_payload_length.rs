//! # How long is the payload?
//!
//! Read the length out of a frame's header. `bytes` begin with the header's second byte:
//! its top bit is the mask bit, which is not asked for here, its lower seven bits are the
//! length, or say that the length follows in two or in eight bytes, most significant
//! first.
//!
//! Give the length and how many of `bytes` it took (1, 3 or 9), or `None` when they end
//! too early. A length that is not in its shortest form is [`WrongLength::NotShortest`],
//! one whose top bit is set [`WrongLength::TopBit`].
//!
//! Try it: `cargo test --test ex07_payload_length`

/// What a length can do wrong (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongLength {
    /// It would have fitted into a shorter form.
    NotShortest,
    /// The first of its 64 bits is set.
    TopBit,
}

/// The payload's length in bytes, and the bytes that said so.
///
/// # Errors
/// What the length does wrong.
pub fn payload_length(bytes: &[u8]) -> Result<Option<(u64, usize)>, WrongLength> {
    todo!("exercise ex07_payload_length: what do {bytes:?} say?")
}
