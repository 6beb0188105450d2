//! Names every field of a frame, for people who look at bytes.

use std::ops::Range;

use crate::deflate::Inflater;
use crate::frame::RSV1;
use crate::{
    CloseFrame, Deflate, FrameHeader, MAX_HEADER, OpCode, ProtocolError, Role, apply_mask,
};

/// One field of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The positions of its bytes.
    pub bytes: Range<usize>,
    /// Its name in RFC 6455 §5.2.
    pub name: &'static str,
    /// Its bits, or its bytes in hex.
    pub raw: String,
    /// Its meaning in words.
    pub meaning: String,
}

/// The longest part of a payload that is shown, in bytes.
const SHOWN: usize = 48;

/// Returns the fields of the frame at the front of `bytes`, and its length. The last
/// field of an incomplete frame says how much is missing.
///
/// # Errors
/// Returns the rule that its header breaks.
///
/// ```
/// let (fields, len) = websocket::inspect(b"\x81\x02Hi")?;
/// assert_eq!(len, 4);
/// assert_eq!(fields.last().map(|field| field.meaning.as_str()), Some("\"Hi\""));
/// # Ok::<(), websocket::ProtocolError>(())
/// ```
pub fn inspect(bytes: &[u8]) -> Result<(Vec<Field>, usize), ProtocolError> {
    // With compression RSV1 has a meaning in the first frame of a data message.
    let compressed = bytes
        .first()
        .is_some_and(|first| first & RSV1 != 0 && matches!(first & !RSV1 & 0x7f, 1 | 2));
    let mut head: Vec<u8> = bytes.iter().copied().take(MAX_HEADER).collect();
    if compressed {
        head[0] &= !RSV1;
    }
    let Some((header, header_len)) = FrameHeader::parse(&head)? else {
        let missing = Field {
            bytes: 0..bytes.len(),
            name: "header",
            raw: hex(bytes),
            meaning: "the rest of the header is missing".into(),
        };
        return Ok((vec![missing], bytes.len()));
    };
    let (first, second) = (bytes[0], bytes[1]);
    let field = |bytes, name, raw: String, meaning: String| Field {
        bytes,
        name,
        raw,
        meaning,
    };
    let last = if header.fin {
        "the last frame of its message"
    } else {
        "more of this message follows"
    };
    let mut fields = vec![
        field(0..1, "FIN", bits(first, 7, 1), last.into()),
        field(
            0..1,
            "RSV1-3",
            bits(first, 4, 3),
            if compressed {
                "RSV1: a compressed message begins"
            } else {
                "reserved for extensions"
            }
            .into(),
        ),
        field(
            0..1,
            "opcode",
            bits(first, 0, 4),
            format!("{:?}", header.opcode).to_lowercase(),
        ),
        field(
            1..2,
            "MASK",
            bits(second, 7, 1),
            if header.mask.is_some() {
                "masked: from a client"
            } else {
                "not masked: from a server"
            }
            .into(),
        ),
    ];
    let short = second & 0x7f;
    let counted = format!(
        "{} {} of payload",
        header.len,
        if header.len == 1 { "byte" } else { "bytes" }
    );
    let length_len = match short {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    if length_len == 0 {
        fields.push(field(1..2, "length", bits(second, 0, 7), counted));
    } else {
        let follows = format!("the length follows in {length_len} bytes");
        fields.push(field(1..2, "length", bits(second, 0, 7), follows));
        fields.push(field(
            2..2 + length_len,
            "extended length",
            hex(&bytes[2..2 + length_len]),
            counted,
        ));
    }
    if let Some(key) = header.mask {
        let at = header_len - key.len()..header_len;
        fields.push(field(
            at,
            "masking key",
            hex(&key),
            "XORed with the payload, byte by byte".into(),
        ));
    }

    let wanted = usize::try_from(header.len).unwrap_or(usize::MAX);
    let there = wanted.min(bytes.len() - header_len);
    let at = header_len..header_len + there;
    let raw = &bytes[at.clone()];
    let mut payload = raw.to_vec();
    if let Some(key) = header.mask {
        apply_mask(&mut payload, key, 0);
    }
    let end = at.end;
    if wanted > 0 {
        let meaning = if compressed {
            inflated(&payload, header.fin && there == wanted)
        } else {
            meaning(&header, &payload)
        };
        fields.push(field(at, "payload", hex(raw), meaning));
    }
    if there < wanted {
        let missing = format!("{} more bytes of payload are missing", wanted - there);
        fields.push(field(end..end, "payload", String::new(), missing));
    }
    Ok((fields, end))
}

/// Returns the beginning of a compressed message, if it does not refer to an earlier one.
fn inflated(payload: &[u8], last: bool) -> String {
    let mut text = Vec::new();
    let result = Inflater::new(Role::Server, Deflate::NO_CONTEXT).inflate(
        payload,
        last,
        |chunk| {
            text.extend_from_slice(&chunk[..chunk.len().min(SHOWN - text.len())]);
            Ok(())
        },
    );
    match result {
        Ok(()) => format!("compressed: {:?}", String::from_utf8_lossy(&text)),
        Err(_) => "compressed, with the context of earlier messages".into(),
    }
}

/// Returns the meaning of an unmasked payload.
fn meaning(header: &FrameHeader, payload: &[u8]) -> String {
    match (header.opcode, CloseFrame::decode(payload)) {
        (OpCode::Close, Ok(Some(frame))) => {
            format!("code {}, {:?}", frame.code, frame.reason)
        }
        (OpCode::Close, Err(error)) => format!("wrong: {error}"),
        _ => {
            let shown = &payload[..payload.len().min(SHOWN)];
            let more = if shown.len() < payload.len() {
                " …"
            } else {
                ""
            };
            // A letter may be cut in two by the end of what is shown.
            match str::from_utf8(shown) {
                Ok(_) if header.opcode == OpCode::Binary => {
                    format!("{} bytes", payload.len())
                }
                Ok(text) => format!("{text:?}{more}"),
                Err(error)
                    if header.opcode == OpCode::Text && error.error_len().is_none() =>
                {
                    format!(
                        "{:?}{more}",
                        String::from_utf8_lossy(&shown[..error.valid_up_to()])
                    )
                }
                Err(_) => format!("{} bytes: {}", payload.len(), hex(shown)),
            }
        }
    }
}

/// Returns `count` bits of `byte`, the lowest of them at `from`.
fn bits(byte: u8, from: u32, count: usize) -> String {
    format!(
        "{:0count$b}",
        (byte >> from)
            & u8::MAX
                .checked_shr(8 - u32::try_from(count).unwrap_or(8))
                .unwrap_or(0)
    )
}

fn hex(bytes: &[u8]) -> String {
    let shown: Vec<_> = bytes
        .iter()
        .take(SHOWN / 2)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    shown.join(" ") + if bytes.len() > SHOWN / 2 { " …" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<String> {
        let (fields, _) = inspect(bytes).unwrap();
        fields
            .iter()
            .map(|field| format!("{} {} = {}", field.name, field.raw, field.meaning))
            .collect()
    }

    #[test]
    fn a_masked_hello() {
        let lines = lines(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
        let expected = [
            "FIN 1 = the last frame of its message",
            "RSV1-3 000 = reserved for extensions",
            "opcode 0001 = text",
            "MASK 1 = masked: from a client",
            "length 0000101 = 5 bytes of payload",
            "masking key 37 fa 21 3d = XORed with the payload, byte by byte",
            "payload 7f 9f 4d 51 58 = \"Hello\"",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_compressed_hello() {
        let compressed = lines(b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00");
        assert_eq!(
            compressed[1],
            "RSV1-3 100 = RSV1: a compressed message begins"
        );
        let payload = "payload f2 48 cd c9 c9 07 00 = compressed: \"Hello\"";
        assert_eq!(compressed.last().map(String::as_str), Some(payload));
        let second = lines(b"\xc1\x05\xf2\x00\x11\x00\x00");
        let payload =
            "payload f2 00 11 00 00 = compressed, with the context of earlier messages";
        assert_eq!(second.last().map(String::as_str), Some(payload));
        let bomb = crate::encode_compressed_frame(OpCode::Text, &[b'a'; 10_000]);
        let bomb = lines(&bomb.expect("it is smaller"));
        assert!(
            bomb.last().is_some_and(|payload| payload.len() < 200),
            "{bomb:?}"
        );
    }

    #[test]
    fn every_form_of_length() {
        let mut long = vec![0x82, 126, 1, 0];
        long.resize(4 + 256, 7);
        assert!(
            lines(&long)
                .contains(&"extended length 01 00 = 256 bytes of payload".to_owned())
        );
        let huge = [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0];
        assert!(
            lines(&huge).contains(
                &"payload  = 65536 more bytes of payload are missing".to_owned()
            )
        );
    }

    #[test]
    fn what_is_cut_off_or_wrong_is_said() {
        assert_eq!(
            lines(b"\x81"),
            ["header 81 = the rest of the header is missing"]
        );
        for first in [b"\xf1\x00", b"\xc0\x00", b"\xc9\x00"] {
            assert_eq!(inspect(first), Err(ProtocolError::ReservedBits));
        }
        assert!(
            lines(b"\x88\x02\x03\xe8")
                .contains(&"payload 03 e8 = code 1000, \"\"".to_owned())
        );
        assert_eq!(inspect(b"\x81\x00\x81").map(|(_, len)| len), Ok(2));
    }
}
