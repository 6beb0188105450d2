//! Request and reply over frames: the smallest of the patterns for which the talk's
//! tutorial uses `ZeroMQ`.
//!
//! One side asks, the other answers, and neither sends out of turn. So a reply needs no
//! number to say which request it belongs to. Lesson 10 adds the number, because there
//! several requests are in flight at once.

use std::io::{self, ErrorKind, Read, Write};

use crate::frame::{read_frame, write_frame};

/// Sends a request and waits for the reply, which can be up to `limit` bytes long.
///
/// # Errors
/// Returns `UnexpectedEof` if the stream ends without a reply, `InvalidData` for a reply
/// longer than `limit`, and any error of `stream`. After an error the two sides may
/// disagree about whose turn it is, so close the stream.
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

/// Answers every request, each up to `limit` bytes long, until the peer's stream ends.
/// Returns the number of requests.
///
/// # Errors
/// Returns `InvalidData` for a request longer than `limit`, `UnexpectedEof` if the stream
/// ends inside a request, and any error of `stream`.
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
