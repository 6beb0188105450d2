//! The decoder: messages, limits, and each rule at the first byte that breaks it.

use std::borrow::Cow;

use websocket::{
    CloseCode, CloseFrame, Decoder, Event, FrameHeader, Limits, OpCode, ProtocolError,
    Role, encode_frame, encode_masked_frame,
};

use crate::common::{Decoded, KEY, byte_by_byte, decode, frame};

const LIMITS: Limits = Limits {
    max_message: 100_000,
    max_fragments: 8,
};

fn text(text: &str) -> Event<'_> {
    Event::Text(text.into())
}

/// A client's frame.
fn masked(fin: bool, opcode: OpCode, payload: &[u8]) -> Vec<u8> {
    frame(fin, opcode, Some(KEY), payload)
}

/// `bytes` decode to an error, on their last byte and no earlier.
#[track_caller]
fn refused_on_the_last_byte(role: Role, bytes: &[u8], expected: ProtocolError) {
    let before = &bytes[..bytes.len() - 1];
    assert_eq!(
        decode(role, LIMITS, before, &[]).error,
        None,
        "refused too early: {bytes:02x?}"
    );
    for cuts in [vec![], byte_by_byte(bytes), vec![before.len()]] {
        assert_eq!(
            decode(role, LIMITS, bytes, &cuts).error,
            Some(expected),
            "{bytes:02x?}"
        );
    }
}

#[test]
fn the_examples_of_section_5_7() {
    let bytes = b"\x01\x03Hel\x80\x02lo\x89\x05Hello\x8a\x00";
    let events = vec![
        text("Hello"),
        Event::Ping(b"Hello".into()),
        Event::Pong(b"".into()),
    ];
    assert_eq!(
        decode(Role::Client, LIMITS, bytes, &[]),
        Decoded {
            events,
            error: None
        }
    );

    let bytes = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    assert_eq!(
        decode(Role::Server, LIMITS, bytes, &[]).events,
        [text("Hello")]
    );
}

#[test]
fn every_form_of_length() {
    for len in [0, 1, 125, 126, 127, 65535, 65536] {
        let payload: Vec<u8> = (0..=u8::MAX).cycle().take(len).collect();
        let expected = Decoded {
            events: vec![Event::Binary(payload.clone().into())],
            error: None,
        };
        for (role, bytes) in [
            (
                Role::Server,
                encode_masked_frame(OpCode::Binary, KEY, &payload),
            ),
            (Role::Client, encode_frame(OpCode::Binary, &payload)),
        ] {
            for cuts in [vec![], vec![len / 2], byte_by_byte(&bytes)] {
                assert!(
                    decode(role, LIMITS, &bytes, &cuts) == expected,
                    "{role:?}, {len} bytes"
                );
            }
        }
    }
}

#[test]
fn a_message_cut_anywhere_is_the_same_message() {
    let bytes = masked(true, OpCode::Text, "grüße, 你好 🦀".as_bytes());
    for first in 0..=bytes.len() {
        for second in first..=bytes.len() {
            let decoded = decode(Role::Server, LIMITS, &bytes, &[first, second]);
            assert_eq!(
                decoded.events,
                [text("grüße, 你好 🦀")],
                "cut at {first} and {second}"
            );
        }
    }
}

#[test]
fn a_whole_message_is_lent_from_the_input() {
    let mut decoder = Decoder::new(Role::Server, LIMITS);
    let mut bytes = masked(true, OpCode::Text, b"one");
    bytes.extend(masked(true, OpCode::Binary, b"two"));
    bytes.extend(masked(true, OpCode::Ping, b"three"));
    let place = bytes.as_ptr_range();
    let mut input = bytes.as_mut_slice();
    for _ in 0..3 {
        let lent = match decoder.decode(&mut input) {
            Ok(Some(Event::Text(Cow::Borrowed(text)))) => text.as_bytes(),
            Ok(Some(
                Event::Binary(Cow::Borrowed(bytes)) | Event::Ping(Cow::Borrowed(bytes)),
            )) => bytes,
            other => panic!("not borrowed: {other:?}"),
        };
        assert!(place.contains(&lent.as_ptr()));
    }
}

#[test]
fn control_frames_come_between_fragments() {
    let bytes = [
        masked(false, OpCode::Text, b"a"),
        masked(true, OpCode::Ping, b"1"),
        masked(false, OpCode::Continuation, b""),
        masked(true, OpCode::Pong, b"2"),
        masked(true, OpCode::Continuation, b"b"),
        masked(true, OpCode::Close, b"\x03\xe9away"),
    ]
    .concat();
    let close = CloseFrame {
        code: CloseCode::GOING_AWAY,
        reason: "away".into(),
    };
    let events = vec![
        Event::Ping(b"1".into()),
        Event::Pong(b"2".into()),
        text("ab"),
        Event::Close(Some(close)),
    ];
    let expected = Decoded {
        events,
        error: None,
    };
    for cuts in [vec![], byte_by_byte(&bytes)] {
        assert_eq!(decode(Role::Server, LIMITS, &bytes, &cuts), expected);
    }
}

#[test]
fn a_client_masks_and_a_server_does_not() {
    refused_on_the_last_byte(Role::Server, b"\x81\x00", ProtocolError::NotMasked);
    refused_on_the_last_byte(Role::Server, b"\x89\x00", ProtocolError::NotMasked);
    refused_on_the_last_byte(
        Role::Client,
        b"\x81\x80\x01\x02\x03\x04",
        ProtocolError::Masked,
    );
    assert_eq!(
        ProtocolError::NotMasked.close_code(),
        CloseCode::PROTOCOL_ERROR
    );
}

#[test]
fn fragments_are_in_order() {
    let start = frame(false, OpCode::Text, None, b"a");
    let end = frame(true, OpCode::Continuation, None, b"");
    let refuse =
        |bytes: &[u8], error| refused_on_the_last_byte(Role::Client, bytes, error);
    refuse(&end, ProtocolError::NothingToContinue);
    refuse(
        &frame(false, OpCode::Continuation, None, b""),
        ProtocolError::NothingToContinue,
    );
    refuse(
        &[&start[..], &end, &end].concat(),
        ProtocolError::NothingToContinue,
    );
    for opcode in [OpCode::Text, OpCode::Binary] {
        let next = frame(true, opcode, None, b"");
        refuse(
            &[&start[..], &next].concat(),
            ProtocolError::MessageUnfinished,
        );
    }
    assert_eq!(
        ProtocolError::MessageUnfinished.close_code(),
        CloseCode::PROTOCOL_ERROR
    );
}

#[test]
fn bad_text_is_refused_on_its_first_bad_byte() {
    // Each ends with the byte that no valid text has there (Unicode, table 3-7).
    let bad: [&[u8]; 12] = [
        b"\x80",          // the middle of a character
        b"\xc0",          // could only begin an overlong form
        b"\xc1",          // the same
        b"\xf5",          // could only begin what lies beyond U+10FFFF
        b"\xff",          // never
        b"\xe0\x9f",      // an overlong form
        b"\xed\xa0",      // a surrogate
        b"\xf0\x8f",      // an overlong form
        b"\xf4\x90",      // beyond U+10FFFF
        b"\xc3A",         // a character cut short
        b"\xe2\x82A",     // the same
        b"\xf0\x9f\xa6A", // the same
    ];
    for bad in bad {
        let payload = [b"gr\xc3\xbc", bad, b"and more to come"].concat();
        let until_bad = payload.len() - b"and more to come".len();
        for fin in [true, false] {
            let frame = masked(fin, OpCode::Text, &payload);
            let end = frame.len() - payload.len() + until_bad;
            refused_on_the_last_byte(
                Role::Server,
                &frame[..end],
                ProtocolError::InvalidUtf8,
            );
        }
    }
    assert_eq!(
        ProtocolError::InvalidUtf8.close_code(),
        CloseCode::INVALID_PAYLOAD
    );
}

#[test]
fn text_ends_with_a_whole_character() {
    for cut_short in [&b"\xc3"[..], b"\xe2\x82", b"\xf0\x9f\xa6"] {
        let whole = masked(true, OpCode::Text, cut_short);
        refused_on_the_last_byte(Role::Server, &whole, ProtocolError::InvalidUtf8);
        let start = masked(false, OpCode::Text, cut_short);
        let end = masked(true, OpCode::Continuation, b"");
        refused_on_the_last_byte(
            Role::Server,
            &[start, end].concat(),
            ProtocolError::InvalidUtf8,
        );
    }
}

#[test]
fn a_character_may_lie_in_two_fragments() {
    let crab = "🦀".as_bytes();
    for cut in 0..=crab.len() {
        let bytes = [
            masked(false, OpCode::Text, &crab[..cut]),
            masked(true, OpCode::Ping, b"\xff"),
            masked(true, OpCode::Continuation, &crab[cut..]),
        ];
        let decoded = decode(Role::Server, LIMITS, &bytes.concat(), &[]);
        assert_eq!(
            decoded.events,
            [Event::Ping(b"\xff".into()), text("🦀")],
            "cut at {cut}"
        );
    }
}

#[test]
fn a_close_frame_is_checked() {
    let refuse = |payload: &[u8], error| {
        refused_on_the_last_byte(
            Role::Server,
            &masked(true, OpCode::Close, payload),
            error,
        );
    };
    refuse(b"\x03", ProtocolError::CloseTooShort);
    refuse(b"\x03\xed", ProtocolError::CloseCode(1005));
    refuse(b"\x03\xe8\xff", ProtocolError::InvalidUtf8);
    assert_eq!(
        ProtocolError::CloseTooShort.close_code(),
        CloseCode::PROTOCOL_ERROR
    );
    assert_eq!(
        ProtocolError::CloseCode(1005).close_code(),
        CloseCode::PROTOCOL_ERROR
    );
    let empty = masked(true, OpCode::Close, b"");
    assert_eq!(
        decode(Role::Server, LIMITS, &empty, &[]).events,
        [Event::Close(None)]
    );
}

#[test]
fn a_message_within_its_limit_is_taken() {
    let limits = Limits {
        max_message: 10,
        max_fragments: 2,
    };
    let whole = frame(true, OpCode::Binary, None, &[7; 10]);
    assert_eq!(decode(Role::Client, limits, &whole, &[]).events.len(), 1);
    let fragments = [
        frame(false, OpCode::Binary, None, &[7; 4]),
        frame(true, OpCode::Ping, None, &[0; 125]),
        frame(true, OpCode::Continuation, None, &[7; 6]),
    ]
    .concat();
    // Twice: what one message used up is given back to the next.
    let decoded = decode(
        Role::Client,
        limits,
        &[&fragments[..], &fragments].concat(),
        &[],
    );
    assert_eq!((decoded.events.len(), decoded.error), (4, None));
}

#[test]
fn a_message_over_its_limit_is_refused_at_the_header() {
    let limits = Limits {
        max_message: 10,
        max_fragments: 3,
    };
    let header = |opcode, len| {
        let mut bytes = Vec::new();
        FrameHeader {
            fin: false,
            opcode,
            mask: None,
            len,
        }
        .write_to(&mut bytes);
        bytes
    };
    let start = frame(false, OpCode::Binary, None, &[7; 6]);
    // Six bytes, the last of them half a letter: it counts, too.
    let cut = frame(false, OpCode::Text, None, b"hello\xc3");
    for bytes in [
        header(OpCode::Text, 11),
        header(OpCode::Binary, u64::MAX >> 1),
        [start.clone(), header(OpCode::Continuation, 5)].concat(),
        [cut, header(OpCode::Continuation, 5)].concat(),
    ] {
        let decoded = decode(Role::Client, limits, &bytes, &[]);
        assert_eq!(
            decoded.error,
            Some(ProtocolError::MessageTooBig(10)),
            "{bytes:02x?}"
        );
    }
    assert_eq!(
        ProtocolError::MessageTooBig(10).close_code(),
        CloseCode::TOO_BIG
    );

    let empty = header(OpCode::Continuation, 0);
    let three = [&start[..], &empty, &empty].concat();
    assert_eq!(decode(Role::Client, limits, &three, &[]).error, None);
    let four = [three, empty].concat();
    assert_eq!(
        decode(Role::Client, limits, &four, &[]).error,
        Some(ProtocolError::TooManyFragments(3))
    );
    assert_eq!(
        ProtocolError::TooManyFragments(3).close_code(),
        CloseCode::TOO_BIG
    );
}

#[test]
fn nothing_counts_after_the_end() {
    let hello = masked(true, OpCode::Text, b"hello");
    let bytes = [&masked(true, OpCode::Close, b"")[..], &hello, b"\xff"].concat();
    for cuts in [vec![], byte_by_byte(&bytes)] {
        let expected = Decoded {
            events: vec![Event::Close(None)],
            error: None,
        };
        assert_eq!(decode(Role::Server, LIMITS, &bytes, &cuts), expected);
    }

    let mut decoder = Decoder::new(Role::Server, LIMITS);
    let mut bytes = [b"\xff", &hello[..]].concat();
    let mut input = bytes.as_mut_slice();
    assert_eq!(decoder.decode(&mut input), Err(ProtocolError::ReservedBits));
    assert_eq!(decoder.decode(&mut input), Ok(None));
    assert!(input.is_empty());
}
