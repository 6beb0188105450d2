//! Several packets of Engine.IO 3 in one body: each with its length in front.
//!
//! There are two forms. The text form is `<length>:<packet>`, the length in UTF-16
//! units, and bytes in base64 after `b` and the type. The binary form is for clients that
//! can read bytes: a 0 for text or a 1 for bytes, the length in bytes as decimal digits
//! (the bytes 0 to 9, not their characters), a 255, then the packet.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use thiserror::Error;

use crate::machine::Piece;
use crate::utf16;

/// Written with padding, read with or without it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// Ends the length in the binary form.
const END: u8 = 255;
/// The digits of a length. More than any body of ours has.
const MAX_DIGITS: usize = 10;

/// A body that is not a list of packets.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BadPayload {
    /// No length where there should be one.
    #[error("each packet starts with its length")]
    Length,
    /// A length that is longer than the rest of the body, or that ends within a
    /// character.
    #[error("a packet is not as long as its length says")]
    Packet,
    /// A `b` that is not followed by a type and base64.
    #[error("a binary packet that is not base64")]
    Base64,
    /// The text of a packet in the binary form is not UTF-8.
    #[error("text that is not UTF-8")]
    Utf8,
}

/// Returns the text form. A binary packet is `b`, its type and base64.
///
/// ```
/// use heritage::Piece;
/// use heritage::v3::encode_text;
///
/// let body = encode_text(&[Piece::text("4thé 👋"), Piece::Binary(vec![4, 1, 2, 3].into())]);
/// assert_eq!(body, "7:4thé 👋6:b4AQID");
/// ```
pub fn encode_text(packets: &[Piece]) -> String {
    let mut body = String::new();
    for packet in packets {
        let base64;
        let text = match packet {
            Piece::Text(text) => &**text,
            Piece::Binary(bytes) => {
                base64 = to_base64(bytes);
                &base64
            }
        };
        body.push_str(&utf16::len(text).to_string());
        body.push(':');
        body.push_str(text);
    }
    body
}

/// Returns the binary form.
///
/// ```
/// use heritage::Piece;
/// use heritage::v3::encode_binary;
///
/// let body = encode_binary(&[Piece::text("4é"), Piece::Binary(vec![4, 7].into())]);
/// assert_eq!(body, b"\x00\x03\xff4\xc3\xa9\x01\x02\xff\x04\x07");
/// ```
pub fn encode_binary(packets: &[Piece]) -> Vec<u8> {
    let mut body = Vec::new();
    for packet in packets {
        let (kind, bytes) = match packet {
            Piece::Text(text) => (0, text.as_bytes()),
            Piece::Binary(bytes) => (1, &bytes[..]),
        };
        body.push(kind);
        let digits = bytes.len().to_string();
        body.extend(digits.bytes().map(|digit| digit - b'0'));
        body.push(END);
        body.extend_from_slice(bytes);
    }
    body
}

/// A binary packet as text: `b`, the character of its type, and base64.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    let (kind, data) = bytes.split_first().unwrap_or((&4, &[]));
    format!("b{kind}{}", BASE64.encode(data))
}

/// A packet in text that may be a binary packet in base64.
pub(crate) fn from_text(text: &str) -> Result<Piece, BadPayload> {
    let Some(rest) = text.strip_prefix('b') else {
        return Ok(Piece::text(text));
    };
    let kind = *rest.as_bytes().first().ok_or(BadPayload::Base64)?;
    if !(b'0'..=b'6').contains(&kind) {
        return Err(BadPayload::Base64);
    }
    let data = BASE64.decode(&rest[1..]).map_err(|_| BadPayload::Base64)?;
    let mut bytes = vec![kind - b'0'];
    bytes.extend_from_slice(&data);
    Ok(Piece::Binary(bytes.into()))
}

/// Takes the text form apart. Packets of no length are skipped, as in the reference
/// server.
///
/// # Errors
/// Returns what is wrong with the first part that is not a packet. The packets before it
/// are dropped as well.
///
/// ```
/// use heritage::Piece;
/// use heritage::v3::decode_text;
///
/// assert_eq!(decode_text("3:4👋1:2"), Ok(vec![Piece::text("4👋"), Piece::text("2")]));
/// ```
pub fn decode_text(body: &str) -> Result<Vec<Piece>, BadPayload> {
    let mut packets = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let (length, behind) = rest.split_once(':').ok_or(BadPayload::Length)?;
        let length = crate::v09::digits(length).ok_or(BadPayload::Length)?;
        let length = usize::try_from(length).map_err(|_| BadPayload::Length)?;
        let (packet, behind) = utf16::split(behind, length).ok_or(BadPayload::Packet)?;
        if !packet.is_empty() {
            packets.push(from_text(packet)?);
        }
        rest = behind;
    }
    Ok(packets)
}

/// Takes the binary form apart.
///
/// # Errors
/// As [`decode_text`].
///
/// ```
/// use heritage::Piece;
/// use heritage::v3::decode_binary;
///
/// let packets = decode_binary(b"\x00\x01\xff2\x01\x02\xff\x04\x07".as_slice().into());
/// assert_eq!(packets, Ok(vec![Piece::text("2"), Piece::Binary(vec![4, 7].into())]));
/// ```
pub fn decode_binary(body: Bytes) -> Result<Vec<Piece>, BadPayload> {
    let mut packets = Vec::new();
    let mut rest = body;
    while let [kind, behind @ ..] = &rest[..] {
        let digits = behind
            .iter()
            .take(MAX_DIGITS + 1)
            .position(|byte| *byte == END);
        let digits = digits.ok_or(BadPayload::Length)?;
        let length = behind[..digits]
            .iter()
            .try_fold(0_usize, |sum, digit| {
                (*digit <= 9).then_some(sum * 10 + usize::from(*digit))
            })
            .filter(|_| digits > 0)
            .ok_or(BadPayload::Length)?;
        let start = digits + 2;
        if rest.len() - start < length {
            return Err(BadPayload::Packet);
        }
        let kind = *kind;
        let packet = rest.slice(start..start + length);
        rest = rest.slice(start + length..);
        packets.push(match kind {
            0 => {
                let text = std::str::from_utf8(&packet).map_err(|_| BadPayload::Utf8)?;
                from_text(text)?
            }
            1 => Piece::Binary(packet),
            _ => return Err(BadPayload::Length),
        });
    }
    Ok(packets)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_bodies_that_do_not_add_up_are_refused() {
        use BadPayload::{Base64, Length, Packet};
        for (body, error) in [
            ("4hello", Length),
            (":4", Length),
            ("-1:4", Length),
            ("+1:4", Length),
            ("1 :4", Length),
            ("99999999999999999999:4", Length),
            ("3:4h", Packet),
            ("2:4👋", Packet),
            ("1:2x", Length),
            ("1:b", Base64),
            ("2:b9", Base64),
            ("4:b4%%", Base64),
        ] {
            assert_eq!(decode_text(body), Err(error), "{body:?}");
        }
        assert_eq!(decode_text("0:1:2"), Ok(vec![Piece::text("2")]));
        assert_eq!(decode_text(""), Ok(vec![]));
    }

    #[test]
    fn binary_bodies_that_do_not_add_up_are_refused() {
        use BadPayload::{Length, Packet, Utf8};
        for (body, error) in [
            (&b"\x00"[..], Length),
            (b"\x00\xff", Length),
            (b"\x00\x01", Length),
            (b"\x00\x0a\xff2", Length),
            (b"\x02\x01\xff2", Length),
            (b"\x00\x02\xff2", Packet),
            (b"\x00\x01\xff\xff", Utf8),
            (
                b"\x01\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\xff",
                Length,
            ),
            (b"\x01\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\xff", Packet),
        ] {
            assert_eq!(decode_binary(body.into()), Err(error), "{body:x?}");
        }
    }

    fn pieces() -> impl Strategy<Value = Vec<Piece>> {
        let piece = prop_oneof![
            "[0-6][a-zé👋:0-9]{0,9}".prop_map(Piece::text),
            proptest::collection::vec(any::<u8>(), 0..20).prop_map(|mut bytes| {
                bytes.insert(0, 4);
                Piece::Binary(bytes.into())
            }),
        ];
        proptest::collection::vec(piece, 0..6)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(packets in pieces()) {
            prop_assert_eq!(decode_text(&encode_text(&packets)), Ok(packets.clone()));
            prop_assert_eq!(decode_binary(encode_binary(&packets).into()), Ok(packets));
        }

        #[test]
        fn decode_never_panics(
            text in "[0-9:b4👋+=]*",
            bytes in proptest::collection::vec(prop_oneof![0_u8..4, Just(255)], 0..40),
        ) {
            let _ = decode_text(&text);
            let _ = decode_binary(bytes.into());
        }
    }
}
