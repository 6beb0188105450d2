//! Payloads: several packets in one HTTP body.
//!
//! A WebSocket keeps messages apart; an HTTP body is one run of bytes. So packets are
//! joined with the record separator, `0x1e`, which JSON never contains, and a binary
//! message is written as `b` and base64 (Engine.IO protocol 4, "HTTP long-polling").

use crate::packet::{EncodedMessage, Packet, PacketError};

/// Separates two packets.
pub const SEPARATOR: char = '\x1e';

/// Reads the packets of a body one at a time, so that a body of a million separators
/// never becomes a list.
///
/// ```
/// use engine_io::{Message, Packet, payload};
/// let packets: Result<Vec<_>, _> = payload::decode("4hello\u{1e}2\u{1e}bAQID").collect();
/// assert_eq!(
///     packets.unwrap(),
///     [
///         Packet::Message(Message::Text("hello")),
///         Packet::Ping(""),
///         Packet::Message(Message::Binary(bytes::Bytes::from_static(&[1, 2, 3]))),
///     ]
/// );
/// ```
// ANCHOR: decode
pub fn decode(body: &str) -> impl Iterator<Item = Result<Packet<'_>, PacketError>> {
    body.split(SEPARATOR).map(Packet::decode)
}
// ANCHOR_END: decode

/// Joins packets into a body.
///
/// ```
/// use engine_io::{EncodedMessage, payload};
/// let body = payload::encode(&[EncodedMessage::text("hi"), EncodedMessage::binary(&[1, 2, 3])]);
/// assert_eq!(body, b"4hi\x1ebAQID");
/// ```
pub fn encode<'a>(packets: impl IntoIterator<Item = &'a EncodedMessage>) -> Vec<u8> {
    let mut body = Vec::new();
    for (index, packet) in packets.into_iter().enumerate() {
        if index > 0 {
            body.push(SEPARATOR as u8);
        }
        body.extend_from_slice(packet.as_base64().payload());
    }
    body
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::packet::Message;

    #[test]
    fn a_bad_packet_does_not_hide_those_before_it() {
        let packets: Vec<_> = decode("4a\u{1e}b%%%\u{1e}4c").collect();
        assert_eq!(packets[0], Ok(Packet::Message(Message::Text("a"))));
        assert_eq!(packets[1], Err(PacketError::Base64));
    }

    #[test]
    fn an_empty_body_is_an_empty_packet() {
        assert_eq!(decode("").next(), Some(Err(PacketError::Empty)));
    }

    proptest! {
        #[test]
        fn encode_then_decode_is_the_identity(
            messages in proptest::collection::vec(
                prop_oneof![
                    "[^\u{1e}]*".prop_map(|text| (Some(text), Vec::new())),
                    proptest::collection::vec(any::<u8>(), 0..200).prop_map(|bytes| (None, bytes)),
                ],
                1..10,
            )
        ) {
            let encoded: Vec<_> = messages.iter().map(|(text, bytes)| match text {
                Some(text) => EncodedMessage::text(text),
                None => EncodedMessage::binary(bytes),
            }).collect();
            let body = String::from_utf8(encode(&encoded)).unwrap();
            let decoded: Vec<_> = decode(&body).collect::<Result<_, _>>().unwrap();
            let expected: Vec<_> = messages.iter().map(|(text, bytes)| Packet::Message(match text {
                Some(text) => Message::Text(text),
                None => Message::Binary(bytes.clone().into()),
            })).collect();
            prop_assert_eq!(decoded, expected);
        }

        #[test]
        fn decode_never_panics_and_yields_no_more_than_it_was_given(body in ".*") {
            prop_assert!(decode(&body).count() <= body.len() + 1);
        }
    }
}
