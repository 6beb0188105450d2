//! Caught by: a_length_in_eight_bytes
//!
//! Takes 127 for a length.

/// A rule that a length breaks (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongLength {
    /// It fits into a shorter form.
    NotShortest,
    /// The first of its 64 bits is set.
    TopBit,
}

/// Returns the length of the payload, and how many of `bytes` it took; `None` if more
/// bytes are needed.
///
/// # Errors
/// Returns the rule that the length breaks.
pub fn payload_length(bytes: &[u8]) -> Result<Option<(u64, usize)>, WrongLength> {
    let Some((second, rest)) = bytes.split_first() else {
        return Ok(None);
    };
    let (len, least, took) = match second & 0x7f {
        126 => {
            let Some((len, _)) = rest.split_first_chunk() else {
                return Ok(None);
            };
            (u64::from(u16::from_be_bytes(*len)), 126, 3)
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
