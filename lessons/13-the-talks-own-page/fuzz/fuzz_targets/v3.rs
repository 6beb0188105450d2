//! A payload of Engine.IO 3 is read to the same packets however often it is written
//! again, in both forms.
#![no_main]

use heritage::v3::{Session, decode_binary, decode_text, encode_binary, encode_text};
use heritage::{Machine, Piece};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = std::str::from_utf8(bytes).ok();
    let forms = [
        text.and_then(|text| decode_text(text).ok()),
        decode_binary(bytes.to_vec().into()).ok(),
    ];
    for packets in forms.into_iter().flatten() {
        assert!(packets.len() <= bytes.len());
        // A packet that is empty, or without a type, cannot be written in both forms.
        let whole = |piece: &Piece| match piece {
            Piece::Text(text) => !text.is_empty() && !text.starts_with('b'),
            Piece::Binary(bytes) => bytes.first().is_some_and(|kind| *kind <= 6),
        };
        if packets.iter().all(whole) {
            let binary = encode_binary(&packets);
            assert_eq!(decode_text(&encode_text(&packets)).as_ref(), Ok(&packets));
            assert_eq!(decode_binary(binary.into()).as_ref(), Ok(&packets));
        }
        let mut session = Session::new("0{}");
        session.open();
        for packet in &packets {
            if session.handle_client(packet).end.is_some() {
                break;
            }
        }
    }
});
