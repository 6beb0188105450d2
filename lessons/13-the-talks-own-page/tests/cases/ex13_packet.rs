//! What `parse` and `encode` have to do. The sections are those of chapter 13.

use super::subject::{BadPacket, Packet, encode, parse};

fn packet(
    kind: u8,
    id: Option<u64>,
    wants_value: bool,
    endpoint: &str,
    data: &str,
) -> Packet {
    Packet {
        kind,
        id,
        wants_value,
        endpoint: endpoint.into(),
        data: data.into(),
    }
}

#[track_caller]
fn refused(text: &str, why: &str) {
    assert_eq!(parse(text), Err(BadPacket), "{text:?}: {why}");
}

#[test]
fn an_event_has_four_fields() {
    let event = r#"{"name":"join","args":["tea"]}"#;
    let text = format!("5:1+:/chat:{event}");
    let whole = packet(5, Some(1), true, "/chat", event);
    assert_eq!(
        parse(&text),
        Ok(whole.clone()),
        "type, number with a plus, endpoint, data. See \"Packets of Socket.IO 0.9\"."
    );
    assert_eq!(encode(&whole), text, "See \"Packets of Socket.IO 0.9\".");
}

#[test]
fn fields_can_be_empty() {
    for (text, expected) in [
        ("2::", packet(2, None, false, "", "")),
        ("1::/chat", packet(1, None, false, "/chat", "")),
        ("3:::hello", packet(3, None, false, "", "hello")),
        (
            "3:12:/chat:hello",
            packet(3, Some(12), false, "/chat", "hello"),
        ),
    ] {
        assert_eq!(
            parse(text),
            Ok(expected),
            "{text:?}: the id, the endpoint and the data may be missing. See \"Packets of \
             Socket.IO 0.9\"."
        );
    }
}

#[test]
fn a_third_colon_without_data_is_read_and_not_written() {
    let bare = packet(1, None, false, "/chat", "");
    assert_eq!(
        parse("1::/chat:"),
        Ok(bare.clone()),
        "a third colon may be there without data. See \"Packets of Socket.IO 0.9\"."
    );
    assert_eq!(
        encode(&bare),
        "1::/chat",
        "no third colon is written when there is no data. See \"Packets of Socket.IO 0.9\"."
    );
}

#[test]
fn colons_in_the_data_belong_to_the_data() {
    assert_eq!(
        parse("3:::tea at 4:30: yes"),
        Ok(packet(3, None, false, "", "tea at 4:30: yes")),
        "only the first three colons separate fields. See \"Packets of Socket.IO 0.9\"."
    );
}

#[test]
fn the_plus_comes_back() {
    for wants_value in [false, true] {
        let text = encode(&packet(5, Some(7), wants_value, "", "{}"));
        let plus = if wants_value { "+" } else { "" };
        assert_eq!(
            text,
            format!("5:7{plus}::{{}}"),
            "the `+` is written if and only if the value is wanted. See \"Acknowledgements \
             with a plus\"."
        );
        assert_eq!(
            parse(&text).map(|packet| packet.wants_value),
            Ok(wants_value),
            "{text:?}: the `+` asks for the value. See \"Acknowledgements with a plus\"."
        );
    }
}

#[test]
fn the_type_is_one_digit_up_to_8() {
    for kind in 0..=8 {
        let text = format!("{kind}::");
        assert_eq!(
            parse(&text),
            Ok(packet(kind, None, false, "", "")),
            "{text:?}"
        );
    }
    for text in ["9::", "55::", "05::", "::", "x::", "-1::", "٣::"] {
        refused(text, "the type is one digit, from 0 to 8.");
    }
}

#[test]
fn the_id_is_a_number_in_digits() {
    let largest = format!("5:{}::", u64::MAX);
    assert_eq!(
        parse(&largest).map(|packet| packet.id),
        Ok(Some(u64::MAX)),
        "{largest:?}: this number fits into a u64."
    );
    for text in [
        "5:x::",
        "5:-1::",
        "5:+1::",
        "5: 1::",
        "5:18446744073709551616::",
    ] {
        refused(
            text,
            "the id is a number in decimal digits that fits into a u64.",
        );
    }
}

#[test]
fn a_plus_needs_a_number() {
    for text in ["5:+::", "5:++::", "5:1++::"] {
        refused(text, "a `+` follows a number, once.");
    }
}

#[test]
fn an_endpoint_starts_with_a_slash() {
    refused("1::chat", "an endpoint is empty or starts with a slash.");
    refused("1::chat:{}", "an endpoint is empty or starts with a slash.");
}

#[test]
fn two_colons_are_the_least() {
    for text in ["", "5", "5:", "5:1"] {
        refused(text, "a packet has at least two colons.");
    }
}
