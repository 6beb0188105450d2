//! A body is read to the same packets however often it is written again, and never needs
//! more packets than it has separators.
#![no_main]

use engine_io::{EncodedMessage, Packet, payload};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(body) = std::str::from_utf8(bytes) else {
        return;
    };
    let packets: Vec<_> = payload::decode(body).collect();
    assert_eq!(packets.len(), body.matches(payload::SEPARATOR).count() + 1);
    let Ok(packets) = packets.into_iter().collect::<Result<Vec<Packet<'_>>, _>>() else {
        return;
    };
    let encoded: Vec<EncodedMessage> = packets.iter().map(Packet::encode).collect();
    let again = payload::encode(&encoded);
    let again = std::str::from_utf8(&again).expect("a body is text");
    let packets_again: Vec<_> = payload::decode(again)
        .collect::<Result<_, _>>()
        .expect("our own body");
    let data = |packet: &Packet<'_>| packet.encode().payload().to_vec();
    assert_eq!(
        packets.iter().map(data).collect::<Vec<_>>(),
        packets_again.iter().map(data).collect::<Vec<_>>()
    );
});
