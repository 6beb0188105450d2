//! # Send all of it
//!
//! `write` gives the number of bytes that it took, and that may be fewer than you gave.
//! The talk's client does not look. Write the function that sends all of them, with
//! nothing but `write` itself (`Write::write_all` is what you are building).
//!
//! - Each byte is sent once and in order: after a short `write`, go on with the rest.
//! - With nothing to send, do not call `write` at all.
//! - A `write` that takes 0 bytes will take no more: an error of kind `WriteZero`.
//! - `Interrupted` means that a signal came before anything was taken: try again.
//! - Any other error is the caller's to know: give it as it is.
//!
//! Try it: `cargo test --test ex04_write_all`

use std::io::{self, Write};

/// Sends all of `bytes`.
///
/// # Errors
/// `WriteZero` when the stream takes no more, and what `stream` gives other than
/// `Interrupted`.
pub fn send_all(stream: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let _ = (stream, bytes);
    todo!("exercise ex04_write_all")
}
