//! What `encode` and `decode` have to do. The sections are those of chapter 9.

use super::subject::{BadPayload, Packet, decode, encode};

fn text(text: &str) -> Packet {
    Packet::Text(text.into())
}

#[test]
fn packets_are_joined() {
    let body = encode(&[text("4hello"), text("2"), text("4world")]);
    assert_eq!(
        body, "4hello\u{1e}2\u{1e}4world",
        "the separator 0x1e is between two packets. See \"Payloads\"."
    );
    assert_eq!(
        encode(&[text("4hello")]),
        "4hello",
        "a single packet needs no separator. See \"Payloads\"."
    );
}

#[test]
fn bytes_become_base64() {
    let body = encode(&[Packet::Binary(vec![1, 2, 3, 4]), text("4and text")]);
    assert_eq!(
        body, "bAQIDBA==\u{1e}4and text",
        "a binary message is `b` and base64, with its `=`. See \"Payloads\"."
    );
}

#[test]
fn a_body_is_decoded() {
    let packets = decode("4hello\u{1e}2\u{1e}bAQIDBA==\u{1e}4b");
    let expected = vec![
        text("4hello"),
        text("2"),
        Packet::Binary(vec![1, 2, 3, 4]),
        text("4b"),
    ];
    assert_eq!(
        packets,
        Ok(expected),
        "only a leading `b` marks a binary message. See \"Payloads\"."
    );
}

#[test]
fn encode_then_decode_returns_the_packets() {
    let packets = vec![
        text("4"),
        Packet::Binary(vec![]),
        Packet::Binary(vec![0xff; 7]),
        // Its base64 begins with a `b` too.
        Packet::Binary(vec![0x6d]),
        text("4grün 👋"),
    ];
    assert_eq!(
        decode(&encode(&packets)),
        Ok(packets),
        "decode must return what encode was given. See \"Payloads\"."
    );
}

#[test]
fn an_empty_packet_is_refused() {
    for body in ["", "\u{1e}", "4a\u{1e}", "\u{1e}4a", "4a\u{1e}\u{1e}4b"] {
        assert_eq!(
            decode(body),
            Err(BadPayload),
            "the body {body:?} has an empty packet; a packet has at least its type. See \"Payloads\"."
        );
    }
}

#[test]
fn other_text_after_b_is_refused() {
    for body in ["b!", "bAQID\u{1e}bA", "bAQIDBA"] {
        assert_eq!(
            decode(body),
            Err(BadPayload),
            "in the body {body:?} something that is not base64 follows a `b`. See \"Payloads\"."
        );
    }
}
