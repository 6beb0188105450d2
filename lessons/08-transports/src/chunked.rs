//! Chunked transfer coding (RFC 9112, section 7.1): a body whose length is not known yet.
//!
//! `Content-Length` is sent before the first byte of the body, but a stream of events has
//! no length until it ends. So each chunk starts with its own size, in hexadecimal, and a
//! chunk of size 0 ends the body.

/// The end of a body: a chunk of size 0 without trailers.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// The longest line with a chunk's size, extensions included.
const MAX_LINE: usize = 256;
/// The largest number of trailer lines after the last chunk.
const MAX_TRAILERS: usize = 32;

// ANCHOR: encode_chunk
/// Encodes one chunk. Empty data becomes nothing at all, because a chunk of size 0 would
/// end the body.
pub fn encode_chunk(data: &[u8]) -> Vec<u8> {
    if data.is_empty() {
        return Vec::new();
    }
    [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat()
}
// ANCHOR_END: encode_chunk

/// The bytes are not a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a chunked body: {0}")]
pub struct BadChunk(&'static str);

#[derive(Debug, Default)]
enum State {
    #[default]
    Size,
    Data(usize),
    DataEnd,
    Trailers(usize),
    Done,
}

/// Decodes a chunked body that arrives in any pieces.
#[derive(Debug, Default)]
pub struct ChunkedDecoder {
    state: State,
    line: Vec<u8>,
}

impl ChunkedDecoder {
    /// Returns whether the body has ended.
    pub const fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Takes bytes off the front of `input`, up to the end of the body, and appends the
    /// data in them to `output`.
    ///
    /// # Errors
    /// Returns [`BadChunk`] if the bytes are not chunked; close the connection then.
    pub fn decode(
        &mut self,
        input: &mut &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), BadChunk> {
        while !input.is_empty() {
            match &mut self.state {
                State::Done => break,
                State::Data(left) => {
                    let (data, rest) = input.split_at(input.len().min(*left));
                    output.extend_from_slice(data);
                    *input = rest;
                    *left -= data.len();
                    if *left == 0 {
                        self.state = State::DataEnd;
                    }
                }
                _ => {
                    let (&byte, rest) = input.split_first().unwrap_or((&0, &[]));
                    *input = rest;
                    self.line.push(byte);
                    if self.line.len() > MAX_LINE {
                        return Err(BadChunk("a line that is too long"));
                    }
                    if byte == b'\n' {
                        let line = std::mem::take(&mut self.line);
                        let line = line
                            .strip_suffix(b"\r\n")
                            .ok_or(BadChunk("a line feed alone"))?;
                        self.line(line)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8]) -> Result<(), BadChunk> {
        self.state = match self.state {
            State::Size => match size(line)? {
                0 => State::Trailers(0),
                len => State::Data(len),
            },
            State::DataEnd if line.is_empty() => State::Size,
            State::DataEnd => return Err(BadChunk("a chunk longer than its size")),
            State::Trailers(_) if line.is_empty() => State::Done,
            State::Trailers(count) if count < MAX_TRAILERS => State::Trailers(count + 1),
            _ => return Err(BadChunk("too many trailers")),
        };
        Ok(())
    }
}

/// Returns the size on a chunk's first line. After a semicolon there can be extensions,
/// which are ignored.
fn size(line: &[u8]) -> Result<usize, BadChunk> {
    let digits = line.split(|&byte| byte == b';').next().unwrap_or_default();
    // `from_str_radix` would accept a sign.
    if !digits.first().is_some_and(u8::is_ascii_hexdigit) || digits.len() > 8 {
        return Err(BadChunk("not a size"));
    }
    let digits = str::from_utf8(digits).map_err(|_| BadChunk("not a size"))?;
    usize::from_str_radix(digits.trim_end(), 16).map_err(|_| BadChunk("not a size"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_decodes_the_same_in_any_pieces() {
        let mut body = encode_chunk(b"hello ");
        body.extend(encode_chunk(b""));
        body.extend(encode_chunk(&[b'x'; 300]));
        body.extend(LAST_CHUNK);
        body.extend(b"next");
        for step in 1..=body.len() {
            let (mut decoder, mut output, mut rest) =
                (ChunkedDecoder::default(), Vec::new(), 0);
            for mut piece in body.chunks(step) {
                assert_eq!(decoder.decode(&mut piece, &mut output), Ok(()));
                rest += piece.len();
            }
            assert!(decoder.is_done());
            assert_eq!((output.len(), rest), (306, 4), "in steps of {step}");
        }
    }

    #[test]
    fn malformed_chunks_are_refused() {
        for bad in [
            &b"+5\r\nhello\r\n"[..],
            b"5\nhello",
            b"\r\n",
            b"5\r\nhello!\r\n",
            b"fffffffff\r\n",
            &[b'1'; 300],
        ] {
            let decoded = ChunkedDecoder::default().decode(&mut &*bad, &mut Vec::new());
            assert!(decoded.is_err(), "{:?}", bad.escape_ascii().to_string());
        }
    }
}
