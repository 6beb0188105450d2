//! One frame on the wire: its header, its mask (RFC 6455 §5.2, §5.3).
//!
//! ```text
//!  byte 0                byte 1                then
//! +-----+------+--------+------+--------------+-----------------------+-------------+---------
//! | FIN | RSV  | opcode | MASK | length       | longer length, if any | masking key | payload
//! | 1   | 3    | 4 bits | 1    | 7 bits       | 0, 2 or 8 bytes       | 0 or 4      |
//! +-----+------+--------+------+--------------+-----------------------+-------------+---------
//! ```

use bytes::{BufMut, Bytes};

use crate::ProtocolError;

/// The longest header in bytes: two, a 64-bit length and a masking key.
pub const MAX_HEADER: usize = 14;
/// The longest payload of a control frame in bytes (§5.5), which is the longest that the
/// 7 bits can say.
pub const MAX_CONTROL_PAYLOAD: usize = 125;

const FIN: u8 = 0b1000_0000;
const RESERVED: u8 = 0b0111_0000;
/// The first reserved bit: a compressed message begins (RFC 7692 §6).
pub(crate) const RSV1: u8 = 0b0100_0000;
const OPCODE: u8 = 0b0000_1111;
const MASK: u8 = 0b1000_0000;
const LENGTH: u8 = 0b0111_1111;
/// In the 7 bits: the length follows in two bytes.
const LENGTH_16: u8 = 126;
/// In the 7 bits: the length follows in eight bytes.
const LENGTH_64: u8 = 127;

/// The kind of a frame (§5.2). Of the sixteen values of its four bits, six have a
/// meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OpCode {
    /// The next fragment of an unfinished message.
    Continuation = 0,
    /// A text message, or its first fragment.
    Text = 1,
    /// A binary message, or its first fragment.
    Binary = 2,
    /// The sender will send nothing more.
    Close = 8,
    /// "Are you there?"
    Ping = 9,
    /// "Yes", with what the ping carried.
    Pong = 10,
}

impl OpCode {
    /// Returns whether this is about the connection, not part of a message (§5.5).
    pub const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }

    const fn from_bits(bits: u8) -> Result<Self, ProtocolError> {
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
}

// ANCHOR: header
/// The header in front of a payload (§5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// Whether this is the last frame of its message. Most messages are one frame.
    pub fin: bool,
    /// The kind of the frame.
    pub opcode: OpCode,
    /// The key that the payload is masked with (§5.3): always in a client's frame, never
    /// in a server's.
    pub mask: Option<[u8; 4]>,
    /// How many bytes of payload follow.
    pub len: u64,
}
// ANCHOR_END: header

impl FrameHeader {
    /// Reads a header from the front of `bytes`. Returns it with its own length in bytes,
    /// or `None` while more bytes are needed.
    ///
    /// # Errors
    /// Returns the rule that the header breaks: reserved bits and opcodes, a length not
    /// in its shortest form or with its top bit set, a control frame that is long or
    /// fragmented. Each is reported at the first byte that shows it.
    ///
    /// ```
    /// use websocket::{FrameHeader, OpCode};
    /// let header = FrameHeader { fin: true, opcode: OpCode::Text, mask: None, len: 5 };
    /// assert_eq!(FrameHeader::parse(b"\x81\x05Hello"), Ok(Some((header, 2))));
    /// assert_eq!(FrameHeader::parse(b"\x81"), Ok(None));
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, ProtocolError> {
        let Some((&first, rest)) = bytes.split_first() else {
            return Ok(None);
        };
        if first & RESERVED != 0 {
            return Err(ProtocolError::ReservedBits);
        }
        let fin = first & FIN != 0;
        let opcode = OpCode::from_bits(first & OPCODE)?;
        if opcode.is_control() && !fin {
            return Err(ProtocolError::ControlFragmented);
        }
        let Some((&second, rest)) = rest.split_first() else {
            return Ok(None);
        };
        if opcode.is_control() && usize::from(second & LENGTH) > MAX_CONTROL_PAYLOAD {
            return Err(ProtocolError::ControlTooLong);
        }
        let Some((len, rest)) = parse_length(second & LENGTH, rest)? else {
            return Ok(None);
        };
        let (mask, rest) = if second & MASK == 0 {
            (None, rest)
        } else {
            let Some((key, rest)) = rest.split_first_chunk() else {
                return Ok(None);
            };
            (Some(*key), rest)
        };
        Ok(Some((
            Self {
                fin,
                opcode,
                mask,
                len,
            },
            bytes.len() - rest.len(),
        )))
    }

    /// Appends the header, with its length in the shortest form.
    ///
    /// ```
    /// use websocket::{FrameHeader, OpCode};
    /// let mut out = Vec::new();
    /// FrameHeader { fin: true, opcode: OpCode::Binary, mask: None, len: 256 }.write_to(&mut out);
    /// assert_eq!(out, [0x82, 126, 1, 0]);
    /// ```
    // ANCHOR: write
    pub fn write_to(&self, out: &mut impl BufMut) {
        let mask_bit = if self.mask.is_some() { MASK } else { 0 };
        out.put_u8(if self.fin { FIN } else { 0 } | self.opcode as u8);
        if let Ok(len) = u16::try_from(self.len) {
            match u8::try_from(len) {
                Ok(len) if len < LENGTH_16 => out.put_u8(mask_bit | len),
                _ => {
                    out.put_u8(mask_bit | LENGTH_16);
                    out.put_u16(len);
                }
            }
        } else {
            out.put_u8(mask_bit | LENGTH_64);
            out.put_u64(self.len);
        }
        if let Some(key) = self.mask {
            out.put_slice(&key);
        }
    }
    // ANCHOR_END: write
}

/// Returns the payload length that `short`, the 7 bits, is or announces, and the bytes
/// after it.
fn parse_length(short: u8, bytes: &[u8]) -> Result<Option<(u64, &[u8])>, ProtocolError> {
    let (len, minimum, rest) = match short {
        LENGTH_16 => {
            let Some((len, rest)) = bytes.split_first_chunk() else {
                return Ok(None);
            };
            (
                u64::from(u16::from_be_bytes(*len)),
                u64::from(LENGTH_16),
                rest,
            )
        }
        LENGTH_64 => {
            let Some((len, rest)) = bytes.split_first_chunk() else {
                return Ok(None);
            };
            (u64::from_be_bytes(*len), 1 << 16, rest)
        }
        len => (u64::from(len), 0, bytes),
    };
    if len < minimum {
        return Err(ProtocolError::LengthNotMinimal);
    }
    if len >> 63 != 0 {
        return Err(ProtocolError::LengthTopBit);
    }
    Ok(Some((len, rest)))
}

/// Masks or unmasks in place: byte `i` changes by XOR with `key[i % 4]`, so doing it
/// twice undoes it (§5.3). `offset` is how many bytes of the frame's payload come before
/// these.
///
/// The mask hides nothing: the key travels with the frame. It keeps a page from choosing
/// the bytes that its browser puts on the wire, where a careless proxy could take them
/// for a request (§10.3).
///
/// ```
/// let mut payload = *b"Hello";
/// websocket::apply_mask(&mut payload, [0x37, 0xfa, 0x21, 0x3d], 0);
/// assert_eq!(payload, [0x7f, 0x9f, 0x4d, 0x51, 0x58]);
/// ```
// ANCHOR: mask
pub fn apply_mask(payload: &mut [u8], mut key: [u8; 4], offset: usize) {
    key.rotate_left(offset % 4);
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, tail) = payload.as_chunks_mut();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in tail.iter_mut().zip([a, b, c, d, a, b, c]) {
        *byte ^= key;
    }
}
// ANCHOR_END: mask

/// Returns a whole frame as a server sends it: not masked, so that one frame serves all
/// receivers.
///
/// # Panics
/// Panics if the payload of a control frame is longer than [`MAX_CONTROL_PAYLOAD`]: every
/// peer would refuse it.
///
/// ```
/// use websocket::{OpCode, encode_frame};
/// assert_eq!(encode_frame(OpCode::Ping, b"Hello").as_ref(), b"\x89\x05Hello");
/// ```
pub fn encode_frame(opcode: OpCode, payload: &[u8]) -> Bytes {
    encode(opcode, payload, None).into()
}

/// Returns a whole frame as a client sends it, masked with `key`, which has to be fresh
/// and unpredictable for each frame (§5.3).
///
/// # Panics
/// As [`encode_frame`].
///
/// ```
/// use websocket::{OpCode, encode_masked_frame};
/// let frame = encode_masked_frame(OpCode::Text, [0x37, 0xfa, 0x21, 0x3d], b"Hello");
/// assert_eq!(frame.as_ref(), b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
/// ```
pub fn encode_masked_frame(opcode: OpCode, key: [u8; 4], payload: &[u8]) -> Bytes {
    let mut frame = encode(opcode, payload, Some(key));
    let start = frame.len() - payload.len();
    apply_mask(&mut frame[start..], key, 0);
    frame.into()
}

pub(crate) fn encode(opcode: OpCode, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    assert!(
        !opcode.is_control() || payload.len() <= MAX_CONTROL_PAYLOAD,
        "a control frame carries {MAX_CONTROL_PAYLOAD} bytes at most"
    );
    let mut frame = Vec::with_capacity(MAX_HEADER + payload.len());
    FrameHeader {
        fin: true,
        opcode,
        mask,
        len: payload.len() as u64,
    }
    .write_to(&mut frame);
    frame.extend_from_slice(payload);
    frame
}
