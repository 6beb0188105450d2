//! Caught by: a_size_is_one_to_eight_digits_and_nothing_else
//!
//! Skips spaces after the size.

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
        let (mut size, mut digits) = (0, 0);
        while let Some((&byte, after)) = rest.split_first()
            && let Some(digit) = char::from(byte).to_digit(16)
        {
            size = size * 16 + digit as usize;
            digits += 1;
            if digits > 8 {
                return Err(BadChunk);
            }
            rest = after;
        }
        if digits == 0 && !rest.is_empty() {
            return Err(BadChunk);
        }
        while let [b' ', after @ ..] = rest {
            rest = after;
        }
        if !line_end(&mut rest)? || rest.len() < size {
            return Ok(None);
        }
        data.extend_from_slice(&rest[..size]);
        rest = &rest[size..];
        if !line_end(&mut rest)? {
            return Ok(None);
        }
        if size == 0 {
            return Ok(Some((data, input.len() - rest.len())));
        }
    }
}

/// Takes CR LF off the front and returns whether it has arrived.
fn line_end(rest: &mut &[u8]) -> Result<bool, BadChunk> {
    match *rest {
        [b'\r', b'\n', after @ ..] => {
            *rest = after;
            Ok(true)
        }
        [] | [b'\r'] => Ok(false),
        _ => Err(BadChunk),
    }
}
