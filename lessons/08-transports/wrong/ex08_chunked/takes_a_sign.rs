//! Caught by: a_size_is_digits_and_few
//!
//! `from_str_radix` takes a sign.

/// These bytes are no chunked body.
#[derive(Debug, PartialEq, Eq)]
pub struct BadChunk;

/// One chunk.
pub fn encode(data: &[u8]) -> Vec<u8> {
    if data.is_empty() {
        return Vec::new();
    }
    [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat()
}

/// The data of a body and the bytes that the body took, once it is complete.
///
/// # Errors
/// [`BadChunk`] when it can be no chunked body, whatever may still come.
pub fn decode(input: &[u8]) -> Result<Option<(Vec<u8>, usize)>, BadChunk> {
    let (mut data, mut rest) = (Vec::new(), input);
    loop {
        let Some(line) = rest.windows(2).position(|pair| pair == b"\r\n") else {
            return Ok(None);
        };
        let len = size(&rest[..line])?;
        let after = &rest[line + 2..];
        let (Some(chunk), Some(end)) = (after.get(..len), after.get(len..len + 2)) else {
            return Ok(None);
        };
        if end != b"\r\n" {
            return Err(BadChunk);
        }
        data.extend_from_slice(chunk);
        rest = &after[len + 2..];
        if len == 0 {
            return Ok(Some((data, input.len() - rest.len())));
        }
    }
}

fn size(digits: &[u8]) -> Result<usize, BadChunk> {
    if digits.len() > 8 {
        return Err(BadChunk);
    }
    let digits = str::from_utf8(digits).map_err(|_| BadChunk)?;
    usize::from_str_radix(digits, 16).map_err(|_| BadChunk)
}
