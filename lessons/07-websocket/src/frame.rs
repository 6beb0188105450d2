//! Frames: the two to fourteen bytes in front of every payload, and the mask.
//!
//! ```text
//!   0                   1                   2                   3
//!   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//!  ┌─┬─┬─┬─┬───────┬─┬─────────────┬───────────────────────────────┐
//!  │F│R│R│R│opcode │M│ length      │ 126: two bytes of length,     │
//!  │I│S│S│S│       │A│ 0 to 125,   │ 127: eight; then, if MASK,    │
//!  │N│V│V│V│       │S│ 126 or 127  │ four bytes of masking key     │
//!  │ │1│2│3│       │K│             │                               │
//!  └─┴─┴─┴─┴───────┴─┴─────────────┴───────────────────────────────┘
//! ```
//! (RFC 6455 §5.2)

use bytes::{BufMut, Bytes};

use crate::error::ProtocolError;

/// The longest header: two bytes, eight of length, four of mask.
pub const MAX_HEADER: usize = 14;

/// The most that a control frame carries (RFC 6455 §5.5).
pub(crate) const MAX_CONTROL: u64 = 125;

/// What a frame is (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpCode {
    /// The next part of a fragmented message.
    Continuation,
    /// The first part of a text message.
    Text,
    /// The first part of a binary message.
    Binary,
    /// The end of the connection.
    Close,
    /// Are you there?
    Ping,
    /// Yes.
    Pong,
}

impl OpCode {
    /// Whether this is a control frame: short, never fragmented, allowed between fragments (§5.5).
    pub fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }

    fn from_bits(bits: u8) -> Result<Self, ProtocolError> {
        Ok(match bits {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            other => return Err(ProtocolError::ReservedOpCode(other)),
        })
    }

    fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
        }
    }
}

/// What stands in front of a payload (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// This frame ends its message.
    pub fin: bool,
    /// What the frame is.
    pub opcode: OpCode,
    /// The masking key, on frames from a client.
    pub mask: Option<[u8; 4]>,
    /// Length of the payload, in bytes.
    pub len: u64,
}

impl FrameHeader {
    /// Reads a header from the front of `bytes`. Returns it with its own length, or `None` if it is not all there.
    ///
    /// # Errors
    /// What no header may be, whoever sends it: reserved bits and opcodes, a length not in its shortest form, a
    /// control frame that is fragmented or long.
    ///
    /// ```
    /// use websocket::FrameHeader;
    /// let (header, size) = FrameHeader::parse(&[0x82, 0x7e, 0x01, 0x00]).unwrap().unwrap();
    /// assert_eq!((header.len, size), (256, 4));
    /// assert_eq!(FrameHeader::parse(&[0x82, 0x7e]), Ok(None));
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, ProtocolError> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        if first & 0x70 != 0 {
            return Err(ProtocolError::ReservedBit);
        }
        let opcode = OpCode::from_bits(first & 0x0f)?;
        let fin = first & 0x80 != 0;
        let (len, rest, least) = match second & 0x7f {
            126 => match rest.split_first_chunk() {
                Some((len, rest)) => (u64::from(u16::from_be_bytes(*len)), rest, 126),
                None => return Ok(None),
            },
            127 => match rest.split_first_chunk() {
                Some((len, rest)) => (u64::from_be_bytes(*len), rest, 1 << 16),
                None => return Ok(None),
            },
            len => (u64::from(len), rest, 0),
        };
        if len < least || len >> 63 != 0 {
            return Err(ProtocolError::Length);
        }
        if opcode.is_control() {
            if !fin {
                return Err(ProtocolError::FragmentedControl);
            }
            if len > MAX_CONTROL {
                return Err(ProtocolError::LongControl);
            }
        }
        let (mask, rest) = if second & 0x80 == 0 {
            (None, rest)
        } else {
            match rest.split_first_chunk() {
                Some((mask, rest)) => (Some(*mask), rest),
                None => return Ok(None),
            }
        };
        Ok(Some((Self { fin, opcode, mask, len }, bytes.len() - rest.len())))
    }

    /// Writes the header.
    pub fn write_to(&self, out: &mut impl BufMut) {
        out.put_u8(u8::from(self.fin) << 7 | self.opcode.bits());
        let mask = u8::from(self.mask.is_some()) * 128;
        match self.len {
            #[expect(clippy::cast_possible_truncation, reason = "the pattern bounds it")]
            len @ 0..=125 => out.put_u8(mask + len as u8),
            #[expect(clippy::cast_possible_truncation, reason = "the pattern bounds it")]
            len @ 126..=0xffff => {
                out.put_u8(mask + 126);
                out.put_u16(len as u16);
            }
            len => {
                out.put_u8(mask + 127);
                out.put_u64(len);
            }
        }
        if let Some(key) = self.mask {
            out.put_slice(&key);
        }
    }
}

/// Masks, or unmasks, a payload (RFC 6455 §5.3). `offset` is how much of the payload came before.
///
/// The mask hides nothing: it keeps a page from writing bytes of its own choice through proxies that take them for
/// HTTP (§10.3).
pub fn apply_mask(payload: &mut [u8], key: [u8; 4], offset: usize) {
    let mut key = key;
    key.rotate_left(offset % 4);
    let [a, b, c, d] = key;
    let word = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    // Eight bytes a step: a byte at a time is what shows up first in a profile.
    let (words, rest) = payload.as_chunks_mut::<8>();
    for bytes in words {
        *bytes = (u64::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.into_iter().cycle()) {
        *byte ^= key;
    }
}

/// A whole frame as a server sends it: final, not masked.
///
/// ```
/// assert_eq!(websocket::encode_frame(websocket::OpCode::Text, b"Hello").as_ref(), b"\x81\x05Hello");
/// ```
pub fn encode_frame(opcode: OpCode, payload: &[u8]) -> Bytes {
    encode(opcode, None, payload).into()
}

/// A whole frame as a client sends it: final, masked with `key`, which must be unpredictable (RFC 6455 §10.3).
pub fn encode_masked_frame(opcode: OpCode, key: [u8; 4], payload: &[u8]) -> Bytes {
    let mut frame = encode(opcode, Some(key), payload);
    let header = frame.len() - payload.len();
    apply_mask(&mut frame[header..], key, 0);
    frame.into()
}

fn encode(opcode: OpCode, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(MAX_HEADER + payload.len());
    FrameHeader { fin: true, opcode, mask, len: payload.len() as u64 }.write_to(&mut frame);
    frame.extend_from_slice(payload);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_length() {
        for (len, size) in [(0, 2), (125, 2), (126, 4), (65535, 4), (65536, 10), (1 << 40, 10)] {
            let header = FrameHeader { fin: true, opcode: OpCode::Binary, mask: None, len };
            let mut bytes = Vec::new();
            header.write_to(&mut bytes);
            assert_eq!(bytes.len(), size);
            assert_eq!(FrameHeader::parse(&bytes), Ok(Some((header, size))));
            for cut in 0..size {
                assert_eq!(FrameHeader::parse(&bytes[..cut]), Ok(None));
            }
        }
    }

    #[test]
    fn a_length_has_one_form() {
        assert_eq!(FrameHeader::parse(&[0x82, 126, 0, 125]), Err(ProtocolError::Length));
        assert_eq!(
            FrameHeader::parse(&[0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff]),
            Err(ProtocolError::Length)
        );
        assert_eq!(FrameHeader::parse(&[0x82, 127, 0x80, 0, 0, 0, 0, 1, 0, 0]), Err(ProtocolError::Length));
    }

    #[test]
    fn what_no_header_may_be() {
        assert_eq!(FrameHeader::parse(&[0xc1, 0]), Err(ProtocolError::ReservedBit));
        assert_eq!(FrameHeader::parse(&[0x83, 0]), Err(ProtocolError::ReservedOpCode(3)));
        assert_eq!(FrameHeader::parse(&[0x09, 0]), Err(ProtocolError::FragmentedControl));
        assert_eq!(FrameHeader::parse(&[0x89, 126, 0, 126]), Err(ProtocolError::LongControl));
    }

    #[test]
    fn the_mask_goes_on_where_it_stopped() {
        let key = [1, 2, 3, 4];
        let mut whole: Vec<u8> = (0..100).collect();
        apply_mask(&mut whole, key, 0);
        for cut in 0..100 {
            let mut parts: Vec<u8> = (0..100).collect();
            apply_mask(&mut parts[..cut], key, 0);
            apply_mask(&mut parts[cut..], key, cut);
            assert_eq!(parts, whole);
        }
        assert_eq!(whole[5], 5 ^ 2);
    }
}
