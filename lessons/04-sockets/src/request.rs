//! Request and reply over frames: the smallest of the patterns for which the talk's
//! tutorial takes `ZeroMQ`.
//!
//! One side asks, the other answers, and neither speaks out of turn. So an answer needs
//! no number to say which question it is for; that comes with lesson 10, where
//! acknowledgements may overtake each other.

use std::io::{self, ErrorKind, Read, Write};

use crate::frame::{read_frame, write_frame};

/// Asks, and waits for the answer, which may have up to `limit` bytes.
///
/// # Errors
/// `UnexpectedEof` when the peer ends without an answer, `InvalidData` for one over
/// `limit`, and what `stream` gives. After any of these the two sides no longer agree on
/// whose turn it is: close the stream.
// ANCHOR: request
pub fn request(
    stream: &mut (impl Read + Write),
    question: &[u8],
    limit: usize,
) -> io::Result<Vec<u8>> {
    write_frame(stream, question)?;
    read_frame(stream, limit)?.ok_or_else(|| ErrorKind::UnexpectedEof.into())
}
// ANCHOR_END: request

/// Answers every question, each of up to `limit` bytes, until the peer asks no more;
/// gives how many there were.
///
/// # Errors
/// `InvalidData` for a question over `limit`, `UnexpectedEof` for half of one, and what
/// `stream` gives.
// ANCHOR: reply
pub fn reply(
    stream: &mut (impl Read + Write),
    limit: usize,
    mut answer: impl FnMut(&[u8]) -> Vec<u8>,
) -> io::Result<u64> {
    let mut answered = 0;
    while let Some(question) = read_frame(stream, limit)? {
        write_frame(stream, &answer(&question))?;
        answered += 1;
    }
    Ok(answered)
}
// ANCHOR_END: reply
