//! Length-prefixed messages: four bytes with the length, then that many bytes.
//!
//! A line cannot contain a `\n`; a frame can contain anything, and its reader knows the
//! size before it allocates memory for it. The WebSocket frames of lesson 07 work the
//! same way, with a longer header.

use std::io::{self, ErrorKind, Read, Write};

/// The size of the length field at the start of each frame, in bytes. It is in network
/// order: most significant byte first.
pub const LENGTH_BYTES: usize = 4;

/// Sends one frame, length and body in one `write`. Chapter 4 explains why that matters
/// in "The forty milliseconds: Nagle and delayed ACK".
///
/// # Errors
/// Returns `InvalidInput` if the body is 4 GiB or larger, and any error of `stream`.
// ANCHOR: write
pub fn write_frame(stream: &mut impl Write, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len())
        .map_err(|_| io::Error::from(ErrorKind::InvalidInput))?;
    let mut frame = Vec::with_capacity(LENGTH_BYTES + body.len());
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(body);
    stream.write_all(&frame)
}
// ANCHOR_END: write

/// Reads the next frame of `stream`, or returns `None` if the stream ends between two
/// frames.
///
/// # Errors
/// Returns `InvalidData` for a frame longer than `limit`, without reading its body;
/// `UnexpectedEof` if the stream ends inside a frame; and any error of `stream`.
// ANCHOR: read
pub fn read_frame(stream: &mut impl Read, limit: usize) -> io::Result<Option<Vec<u8>>> {
    // ANCHOR: read_length
    let mut length = [0; LENGTH_BYTES];
    let mut filled = 0;
    while filled < LENGTH_BYTES {
        match stream.read(&mut length[filled..]) {
            Ok(0) if filled == 0 => return Ok(None),
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    // ANCHOR_END: read_length
    // ANCHOR: read_body
    let length = u32::from_be_bytes(length) as usize;
    if length > limit {
        let why = format!("a frame of {length} bytes; the limit is {limit}");
        return Err(io::Error::new(ErrorKind::InvalidData, why));
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(Some(body))
    // ANCHOR_END: read_body
}
// ANCHOR_END: read
