//! How long a question takes to be answered, when it is written in one piece and when in
//! two.
//!
//! Two small writes and then a wait is the pattern at which Nagle's algorithm and delayed
//! acknowledgements, each sensible alone, wait for each other.

use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use crate::frame::{read_frame, write_frame};

/// The longest answer that is taken, in bytes.
const LIMIT: usize = 64 * 1024;

/// How a question is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// Length and body in one `write`.
    InOneWrite,
    /// The length in one `write`, the body in another.
    InTwoWrites,
}

/// Asks this many times, one after the other, and gives the time for all.
///
/// # Errors
/// `UnexpectedEof` when the peer ends, and what `stream` gives.
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
