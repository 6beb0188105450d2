//! Measures how long a request takes when it is written in one piece and when in two.
//!
//! Two small writes followed by a wait for the reply is the pattern in which Nagle's
//! algorithm and delayed acknowledgements, each sensible alone, wait for each other.

use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use crate::frame::{read_frame, write_frame};

/// The longest reply that is accepted, in bytes.
const LIMIT: usize = 64 * 1024;

/// How a request is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// Writes length and body in one `write`.
    InOneWrite,
    /// Writes the length in one `write` and the body in another.
    InTwoWrites,
}

/// Makes `count` requests, one after another, and returns the time for all of them.
///
/// # Errors
/// Returns `UnexpectedEof` if the peer's stream ends, and any error of `stream`.
// ANCHOR: ask
pub fn round_trips(
    stream: &mut (impl Read + Write),
    asking: Asking,
    question: &[u8],
    count: u32,
) -> io::Result<Duration> {
    let begin = Instant::now();
    for _ in 0..count {
        match asking {
            Asking::InOneWrite => write_frame(stream, question)?,
            Asking::InTwoWrites => {
                let length =
                    u32::try_from(question.len()).map_err(|_| ErrorKind::InvalidInput)?;
                stream.write_all(&length.to_be_bytes())?;
                stream.write_all(question)?;
            }
        }
        read_frame(stream, LIMIT)?.ok_or(ErrorKind::UnexpectedEof)?;
    }
    Ok(begin.elapsed())
}
// ANCHOR_END: ask
