//! # Read one line
//!
//! A stream is a run of bytes: a line may come in five pieces, or five lines in one.
//! Write the function that gives one line a call.
//!
//! - The line is returned without its `\n`.
//! - Bytes that came after the `\n` belong to the next call: leave them in `received`,
//!   and look there first.
//! - When the stream ends between two lines, return `Ok(None)`.
//! - When it ends in the middle of a line, return an error of kind `UnexpectedEof`.
//! - A line of more than `MAX_LINE` bytes (without the `\n`), or one that is not UTF-8,
//!   is an error of kind `InvalidData`.
//!
//! Try it: `cargo test --test ex04_read_line`

use std::io::{self, Read};

/// The longest line that is let in, in bytes, without its `\n`.
pub const MAX_LINE: usize = 1024;

/// Gives the next line of `stream`; `received` holds what came and is not used yet.
///
/// # Errors
/// `UnexpectedEof` for half a line, `InvalidData` for one too long or not UTF-8, and what
/// `stream` gives.
pub fn read_line(
    stream: &mut impl Read,
    received: &mut Vec<u8>,
) -> io::Result<Option<String>> {
    let _ = (stream, received);
    todo!("exercise ex04_read_line")
}
