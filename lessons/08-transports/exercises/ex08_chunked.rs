//! # Decoding a chunked body
//!
//! The chapter writes chunks. Read them.
//!
//! - A chunk is its size, CR LF, that many bytes of data, CR LF. A chunk of size 0 ends the
//!   body; it has no data, so its two line ends follow each other.
//! - A size is one to eight hexadecimal digits, upper or lower case, and nothing else: no
//!   sign, no spaces, no extension after a semicolon. There are no trailers after the last
//!   chunk. A line ends with CR LF and nothing less.
//! - Return `Ok(None)` while the end of the body has not arrived. Otherwise return the data
//!   of all chunks and the number of bytes that the body took: bytes after it belong to the
//!   next response.
//! - Return `BadChunk` at the first byte that cannot be right, even in the middle of a
//!   line: a peer that sends digits forever must not be read forever.
//!
//! Try it: `cargo test --test ex08_chunked`

/// These bytes are not a chunked body, whatever follows.
#[derive(Debug, PartialEq, Eq)]
pub struct BadChunk;

/// Returns the data of a complete body and the number of bytes that the body took, or
/// `None` if more bytes are needed.
///
/// # Errors
/// Returns [`BadChunk`] if no bytes that follow could make this a chunked body.
pub fn decode(input: &[u8]) -> Result<Option<(Vec<u8>, usize)>, BadChunk> {
    todo!("exercise ex08_chunked: what is in {} bytes?", input.len())
}
