//! A body of 0.9 is read to the same packets however often it is written again, and
//! whatever they are, the machine sends the server packets that the server can read.
#![no_main]

use engine_io::EncodedMessage;
use heritage::v09::{Packet, Session, decode_body, encode_body};
use heritage::{Machine, Memo, Piece};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(body) = std::str::from_utf8(bytes) else {
        return;
    };
    let packets: Vec<_> = decode_body(body).collect();
    assert!(packets.len() <= body.len() + 1);
    let Ok(packets) = packets.into_iter().collect::<Result<Vec<_>, _>>() else {
        return;
    };
    let again = encode_body(packets.iter().copied());
    if packets.len() > 1 {
        let read: Result<Vec<_>, _> = decode_body(&again).collect();
        assert_eq!(read.expect("our own body"), packets);
    }
    let mut session = Session::new(1 << 16);
    session.open();
    let memo = Memo::default();
    session.handle_client(&Piece::text("1::/chat"));
    session.handle_server(&EncodedMessage::text("0/chat,{\"sid\":\"x\"}"), &memo);
    for packet in packets {
        if let Ok(parsed) = Packet::parse(packet) {
            let text = parsed.to_string();
            assert_eq!(Packet::parse(&text), Ok(parsed));
        }
        let output = session.handle_client(&Piece::text(packet));
        for piece in output.to_server {
            let Piece::Text(text) = piece else {
                panic!("a packet of 0.9 is text");
            };
            engine_io::Packet::decode(&text).expect("a packet of today");
        }
        if output.end.is_some() {
            return;
        }
    }
});
