//! # Read one line
//!
//! A stream is a run of bytes: one line can arrive in five pieces, or five lines in one.
//! Write a function that returns one line per call. `received` belongs to the caller and
//! keeps its contents from one call to the next: it holds the bytes that have arrived and
//! have not been returned yet.
//!
//! - Return the line without its `\n`, and change nothing else about it: spaces and a
//!   `\r` stay.
//! - Search `received` before you read. If it contains a complete line, return that line
//!   without reading.
//! - Leave the bytes after the `\n` in `received` for the next call.
//! - If the stream ends between two lines, return `Ok(None)`.
//! - If it ends in the middle of a line, return an error of kind `UnexpectedEof`.
//! - A line of more than `MAX_LINE` bytes, not counting its `\n`, is an error of kind
//!   `InvalidData`. If `received` already holds more than `MAX_LINE` bytes without a
//!   `\n`, return the error without reading again.
//! - A line that is not UTF-8 is an error of kind `InvalidData` too.
//! - If `read` is interrupted by a signal (`Interrupted`), read again. Return any other
//!   error as it is.
//!
//! After an error the caller closes the connection, so it does not matter what is left in
//! `received`.
//!
//! Try it: `cargo test --test ex04_read_line`

use std::io::{self, Read};

/// The longest line that is accepted, in bytes, without its `\n`.
pub const MAX_LINE: usize = 1024;

/// Returns the next line of `stream`, or `None` if the stream has ended. `received` holds
/// the bytes that have arrived and have not been returned yet.
///
/// # Errors
/// Returns `UnexpectedEof` if the stream ends inside a line, `InvalidData` if a line is
/// too long or not UTF-8, and any error of `stream` other than `Interrupted`.
pub fn read_line(
    stream: &mut impl Read,
    received: &mut Vec<u8>,
) -> io::Result<Option<String>> {
    let _ = (stream, received); // only avoids a warning: delete this line
    todo!("exercise ex04_read_line")
}
