//! # Send all of it
//!
//! `write` returns the number of bytes that the stream accepted, which can be fewer than
//! you passed. The talk's client ignores that number. Write a function that sends all of
//! the bytes. Of the stream's methods, call only `write` (you are building `write_all`).
//!
//! - Send each byte once and in order: after a short write, continue with the rest.
//! - With nothing to send, do not call `write` at all.
//! - If `write` accepts 0 bytes, it will accept no more: return an error of kind
//!   `WriteZero`.
//! - `Interrupted` means that a signal arrived before any byte was accepted: call `write`
//!   again.
//! - Return any other error as it is, at once. That includes `WouldBlock`.
//!
//! Try it: `cargo test --test ex04_write_all`

use std::io::{self, Write};

/// Sends all of `bytes`.
///
/// # Errors
/// Returns `WriteZero` if the stream accepts no more, and any error of `stream` other
/// than `Interrupted`.
pub fn send_all(stream: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let _ = (stream, bytes); // only avoids a warning: delete this line
    todo!("exercise ex04_write_all")
}
