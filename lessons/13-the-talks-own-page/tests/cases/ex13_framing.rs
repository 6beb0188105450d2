//! What `frame` and `unframe` have to do. The sections are those of chapter 13.

use super::subject::{BadFraming, frame, unframe};

/// So that the messages show the marks as `*`.
fn shown(body: &str) -> String {
    body.replace('\u{fffd}', "*")
}

#[track_caller]
fn packets(body: &str, expected: &[&str], why: &str) {
    let expected: Vec<String> = expected.iter().map(|it| (*it).to_owned()).collect();
    assert_eq!(
        unframe(body),
        Ok(expected),
        "{}: {why} See \"Framing and UTF-16 lengths\". (`*` stands for U+FFFD.)",
        shown(body)
    );
}

#[track_caller]
fn refused(body: &str, why: &str) {
    assert_eq!(
        unframe(body),
        Err(BadFraming),
        "{}: {why} (`*` stands for U+FFFD.)",
        shown(body)
    );
}

#[test]
fn several_packets_are_framed() {
    assert_eq!(
        shown(&frame(&["2::", "3:::tea"])),
        "*3*2::*7*3:::tea",
        "mark, length, mark, packet. See \"Framing and UTF-16 lengths\"."
    );
    packets(
        "\u{fffd}3\u{fffd}2::\u{fffd}7\u{fffd}3:::tea",
        &["2::", "3:::tea"],
        "two.",
    );
}

#[test]
fn one_packet_needs_no_frame() {
    assert_eq!(
        shown(&frame(&["2::"])),
        "2::",
        "a single packet is the body itself. See \"Framing and UTF-16 lengths\"."
    );
    packets(
        "2::",
        &["2::"],
        "without a mark at the start it is one packet.",
    );
    let framed = "\u{fffd}3\u{fffd}2::";
    packets(framed, &["2::"], "a frame around one packet is allowed.");
}

#[test]
fn no_packets_are_an_empty_body() {
    assert_eq!(frame(&[]), "", "no packets are an empty body.");
    packets(
        "",
        &[],
        "an empty body has no packets, and not an empty one.",
    );
}

#[test]
fn lengths_are_in_utf_16_units() {
    assert_eq!(
        shown(&frame(&["3:::thé", "3:::👋"])),
        "*7*3:::thé*6*3:::👋",
        "é is one unit and two bytes; 👋 is two units, four bytes and one character. See \
         \"Framing and UTF-16 lengths\"."
    );
    let body = "\u{fffd}7\u{fffd}3:::thé\u{fffd}6\u{fffd}3:::👋\u{fffd}3\u{fffd}2::";
    packets(
        body,
        &["3:::thé", "3:::👋", "2::"],
        "lengths are in UTF-16 units.",
    );
}

#[test]
fn a_mark_inside_a_packet_is_not_a_frame() {
    packets(
        "3:::a\u{fffd}3\u{fffd}2::",
        &["3:::a\u{fffd}3\u{fffd}2::"],
        "a body that does not start with a mark is one packet.",
    );
    packets(
        "\u{fffd}7\u{fffd}3:::a\u{fffd}b\u{fffd}3\u{fffd}2::",
        &["3:::a\u{fffd}b", "2::"],
        "the length says where a packet ends, and not the next mark.",
    );
}

#[test]
fn what_is_framed_comes_back() {
    for list in [
        vec!["a", ""],
        vec!["", "", ""],
        vec!["\u{fffd}", "\u{fffd}2\u{fffd}"],
        vec!["👋👋", "é", "👩‍🔬 at 4:30"],
    ] {
        let body = frame(&list);
        packets(&body, &list, "these are the packets that were framed.");
    }
}

#[test]
fn lengths_are_decimal_digits() {
    for body in [
        "\u{fffd}\u{fffd}2::",
        "\u{fffd}x\u{fffd}2::",
        "\u{fffd}+3\u{fffd}2::",
    ] {
        refused(body, "a length is written in decimal digits.");
    }
    refused(
        "\u{fffd}99999999999999999999999\u{fffd}",
        "this length fits nowhere.",
    );
    refused(
        "\u{fffd}99999999999999999999999\u{fffd}2::",
        "this length fits nowhere.",
    );
}

#[test]
fn a_packet_is_as_long_as_its_length_says() {
    refused(
        "\u{fffd}4\u{fffd}2::",
        "the packet is shorter than its length.",
    );
    refused(
        "\u{fffd}3\u{fffd}2::\u{fffd}4\u{fffd}2::",
        "the second is shorter.",
    );
    refused(
        "\u{fffd}3\u{fffd}2::x",
        "after the first packet there is no mark.",
    );
    refused("\u{fffd}3", "the length has no mark after it.");
    refused("\u{fffd}", "there is no length.");
}

#[test]
fn a_length_does_not_cut_a_character() {
    refused(
        "\u{fffd}1\u{fffd}👋",
        "a length of 1 ends in the middle of 👋.",
    );
    let body = "\u{fffd}5\u{fffd}3:::👋\u{fffd}3\u{fffd}2::";
    refused(body, "a length of 5 ends in the middle of 👋.");
}
