//! Caught by: what_ends_too_early_is_waited_for
//!
//! Half a length is taken for a wrong one.

/// What a length can do wrong (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongLength {
    /// It would have fitted into a shorter form.
    NotShortest,
    /// The first of its 64 bits is set.
    TopBit,
}

/// The payload's length in bytes, and the bytes that said so.
///
/// # Errors
/// What the length does wrong.
pub fn payload_length(bytes: &[u8]) -> Result<Option<(u64, usize)>, WrongLength> {
    let Some((second, rest)) = bytes.split_first() else {
        return Ok(None);
    };
    let (len, least, took) = match second & 0x7f {
        126 => {
            // Two bytes, or not yet.
            let Some((len, _)) = rest.split_first_chunk() else {
                return Err(WrongLength::NotShortest);
            };
            (u64::from(u16::from_be_bytes(*len)), 126, 3)
        }
        127 => {
            let Some((len, _)) = rest.split_first_chunk() else {
                return Ok(None);
            };
            (u64::from_be_bytes(*len), 65_536, 9)
        }
        len => (u64::from(len), 0, 1),
    };
    if len > i64::MAX as u64 {
        return Err(WrongLength::TopBit);
    }
    if len < least {
        return Err(WrongLength::NotShortest);
    }
    Ok(Some((len, took)))
}
