//! Frame headers and masks (RFC 6455 §5.2, §5.3).

use proptest::prelude::*;
use websocket::{
    FrameHeader, MAX_HEADER, OpCode, ProtocolError, apply_mask, encode_frame,
    encode_masked_frame,
};

use crate::common::{KEY, seeded};

fn header(len: u64, mask: Option<[u8; 4]>) -> FrameHeader {
    FrameHeader {
        fin: true,
        opcode: OpCode::Binary,
        mask,
        len,
    }
}

#[test]
fn the_examples_of_section_5_7() {
    assert_eq!(encode_frame(OpCode::Text, b"Hello")[..], *b"\x81\x05Hello");
    assert_eq!(
        encode_masked_frame(OpCode::Text, KEY, b"Hello")[..],
        [
            0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58
        ]
    );
    assert_eq!(encode_frame(OpCode::Ping, b"Hello")[..], *b"\x89\x05Hello");
    assert_eq!(
        encode_masked_frame(OpCode::Pong, KEY, b"Hello")[..],
        [
            0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58
        ]
    );
    assert_eq!(
        encode_frame(OpCode::Binary, &[7; 256])[..5],
        [0x82, 0x7e, 1, 0, 7]
    );
    assert_eq!(
        encode_frame(OpCode::Binary, &vec![7; 65536])[..11],
        [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0, 7]
    );

    let fragment = |fin, opcode| FrameHeader {
        fin,
        opcode,
        mask: None,
        len: 3,
    };
    assert_eq!(
        FrameHeader::parse(b"\x01\x03Hel"),
        Ok(Some((fragment(false, OpCode::Text), 2)))
    );
    assert_eq!(
        FrameHeader::parse(b"\x80\x03lo!"),
        Ok(Some((fragment(true, OpCode::Continuation), 2)))
    );
}

#[test]
fn a_length_is_written_in_its_shortest_form_and_read_back() {
    let sizes = [
        (0, 2),
        (125, 2),
        (126, 4),
        (127, 4),
        (65535, 4),
        (65536, 10),
        (u64::MAX >> 1, 10),
    ];
    for (len, size) in sizes {
        for (mask, size) in [(None, size), (Some(KEY), size + 4)] {
            let mut bytes = Vec::new();
            header(len, mask).write_to(&mut bytes);
            assert_eq!(bytes.len(), size, "{len}");
            assert!(size <= MAX_HEADER);
            for cut in 0..size {
                assert_eq!(
                    FrameHeader::parse(&bytes[..cut]),
                    Ok(None),
                    "{len}, {cut} of {size} bytes"
                );
            }
            bytes.push(0xaa);
            assert_eq!(
                FrameHeader::parse(&bytes),
                Ok(Some((header(len, mask), size))),
                "{len}"
            );
        }
    }
}

#[test]
fn a_length_in_a_longer_form_is_refused() {
    for len in [[0, 0], [0, 125]] {
        let bytes = [[0x82, 126], len].concat();
        assert_eq!(
            FrameHeader::parse(&bytes),
            Err(ProtocolError::LengthNotMinimal),
            "{len:?}"
        );
    }
    for len in [0_u64, 125, 126, 65535] {
        let bytes = [&[0x82, 127], &len.to_be_bytes()[..]].concat();
        assert_eq!(
            FrameHeader::parse(&bytes),
            Err(ProtocolError::LengthNotMinimal),
            "{len}"
        );
    }
}

#[test]
fn the_top_bit_of_a_length_is_refused() {
    let bytes = [&[0x82, 127], &(1_u64 << 63).to_be_bytes()[..]].concat();
    assert_eq!(FrameHeader::parse(&bytes), Err(ProtocolError::LengthTopBit));
}

#[test]
fn the_first_byte_is_judged_alone() {
    for first in 0..=u8::MAX {
        let opcode = first & 0x0f;
        let expected = if first & 0x70 != 0 {
            Err(ProtocolError::ReservedBits)
        } else if matches!(opcode, 3..=7 | 11..=15) {
            Err(ProtocolError::ReservedOpCode(opcode))
        } else if opcode >= 8 && first & 0x80 == 0 {
            Err(ProtocolError::ControlFragmented)
        } else {
            Ok(None)
        };
        assert_eq!(FrameHeader::parse(&[first]), expected, "{first:#04x}");
    }
}

#[test]
fn a_control_frame_is_short() {
    for first in [0x88, 0x89, 0x8a] {
        assert!(matches!(
            FrameHeader::parse(&[first, 125]),
            Ok(Some((FrameHeader { len: 125, .. }, 2)))
        ));
        for long in [126, 127, 0xfe] {
            assert_eq!(
                FrameHeader::parse(&[first, long]),
                Err(ProtocolError::ControlTooLong)
            );
        }
    }
}

#[test]
fn the_longest_control_frame_is_sent() {
    assert_eq!(encode_frame(OpCode::Ping, &[7; 125])[..3], [0x89, 125, 7]);
}

#[test]
#[should_panic(expected = "125 bytes")]
fn a_long_control_frame_is_not_sent() {
    encode_frame(OpCode::Ping, &[0; 126]);
}

proptest! {
    #![proptest_config(seeded())]

    /// Against the definition in §5.3, a byte at a time; and a payload that is cut is masked as one that is not.
    #[test]
    fn the_mask_is_that_of_section_5_3(payload: Vec<u8>, key: [u8; 4], cut: prop::sample::Index) {
        let expected: Vec<u8> = payload.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect();
        let cut = cut.index(payload.len() + 1);
        let mut masked = payload;
        apply_mask(&mut masked[..cut], key, 0);
        apply_mask(&mut masked[cut..], key, cut);
        prop_assert_eq!(masked, expected);
    }

    /// A header that parses is written back as the same bytes: there is one form for each.
    #[test]
    fn a_header_has_one_form(bytes: [u8; MAX_HEADER]) {
        if let Ok(Some((header, size))) = FrameHeader::parse(&bytes) {
            let mut written = Vec::new();
            header.write_to(&mut written);
            prop_assert_eq!(&written[..], &bytes[..size]);
        }
    }
}
