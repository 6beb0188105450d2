//! Where a message ends, said before it begins: four bytes of length, then that many
//! bytes.
//!
//! A line cannot hold a `\n`; a frame can hold anything, and its reader knows how much is
//! to come before it makes room for it. The WebSocket frames of lesson 07 do the same
//! with a header that is a little longer.

use std::io::{self, ErrorKind, Read, Write};

/// The size of the length before each frame, in bytes. It is in network order: the
/// highest byte first.
pub const LENGTH_BYTES: usize = 4;

/// Sends one frame, length and body in one `write`: why that matters is in "The forty
/// milliseconds".
///
/// # Errors
/// `InvalidInput` when the body is over 4 GiB, and what `stream` gives.
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

/// The next frame of `stream`; `None` when the stream ends between two frames.
///
/// # Errors
/// `InvalidData` for a frame of more than `limit` bytes, of which nothing is read;
/// `UnexpectedEof` for half a frame; and what `stream` gives.
// ANCHOR: read
pub fn read_frame(stream: &mut impl Read, limit: usize) -> io::Result<Option<Vec<u8>>> {
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
    let length = u32::from_be_bytes(length) as usize;
    if length > limit {
        let why = format!("a frame of {length} bytes; the limit is {limit}");
        return Err(io::Error::new(ErrorKind::InvalidData, why));
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(Some(body))
}
// ANCHOR_END: read
