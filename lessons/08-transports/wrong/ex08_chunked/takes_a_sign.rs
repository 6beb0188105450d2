//! Caught by: a_size_is_one_to_eight_digits_and_nothing_else
//!
//! Lets `from_str_radix` read a plus sign.

/// These bytes are not a chunked body, whatever follows.
#[derive(Debug, PartialEq, Eq)]
pub struct BadChunk;

/// Returns the data of a complete body and the number of bytes that the body took, or
/// `None` if more bytes are needed.
///
/// # Errors
/// Returns [`BadChunk`] if no bytes that follow could make this a chunked body.
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
    if digits.is_empty() || digits.len() > 8 {
        return Err(BadChunk);
    }
    let digits = str::from_utf8(digits).map_err(|_| BadChunk)?;
    usize::from_str_radix(digits, 16).map_err(|_| BadChunk)
}
