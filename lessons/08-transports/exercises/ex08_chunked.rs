//! # An answer of unknown length
//!
//! Write a chunk: its length in hexadecimal, CR LF, the data, CR LF. Nothing at all for
//! no data, since a chunk of length 0 ends the body. Then read a body: `Ok(None)` when
//! its end has not come yet, else the data of all chunks and how many bytes of
//! the input were the body. A size is one to eight hexadecimal digits and nothing else;
//! there are no extensions and no trailers here.
//!
//! Try it: `cargo test --test ex08_chunked`

/// These bytes are no chunked body.
#[derive(Debug, PartialEq, Eq)]
pub struct BadChunk;

/// One chunk.
pub fn encode(data: &[u8]) -> Vec<u8> {
    todo!("exercise ex08_chunked: a chunk of {} bytes", data.len())
}

/// The data of a body and the bytes that the body took, once it is complete.
///
/// # Errors
/// [`BadChunk`] when it can be no chunked body, whatever may still come.
pub fn decode(input: &[u8]) -> Result<Option<(Vec<u8>, usize)>, BadChunk> {
    todo!("exercise ex08_chunked: what is in {} bytes?", input.len())
}
