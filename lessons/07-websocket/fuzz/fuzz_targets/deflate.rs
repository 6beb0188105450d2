//! Whatever is inflated stays within the limit, however it is cut, and whatever is
//! deflated comes back. The first two bytes choose the parameters and the cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use websocket::encode_frame;
use websocket::{
    Connection, Decoder, Deflate, Event, Limits, OpCode, ProtocolError, Role,
};

const LIMITS: Limits = Limits {
    max_message: 4096,
    max_fragments: 16,
};

fn parameters(byte: u8) -> Deflate {
    let bits = |set: bool, bits: u8| set.then_some(9 + bits % 7);
    Deflate {
        server_no_context_takeover: byte & 1 != 0,
        client_no_context_takeover: byte & 2 != 0,
        server_max_window_bits: bits(byte & 4 != 0, byte >> 4),
        client_max_window_bits: bits(byte & 8 != 0, byte >> 5),
    }
}

fn decode(
    agreed: Deflate,
    bytes: &[u8],
    size: usize,
) -> (Vec<String>, Option<ProtocolError>) {
    let mut decoder = Decoder::new(Role::Client, LIMITS).with_deflate(agreed);
    let mut events = Vec::new();
    for chunk in bytes.chunks(size) {
        let mut chunk = chunk.to_vec();
        let mut input = chunk.as_mut_slice();
        loop {
            match decoder.decode(&mut input) {
                Ok(Some(event)) => {
                    if let Event::Binary(message) = &event {
                        assert!(message.len() <= LIMITS.max_message);
                    }
                    events.push(format!("{event:?}"));
                }
                Ok(None) => break,
                Err(error) => return (events, Some(error)),
            }
        }
    }
    (events, None)
}

fuzz_target!(|bytes: &[u8]| {
    let [first, second, bytes @ ..] = bytes else {
        return;
    };
    let agreed = parameters(*first);
    let size = usize::from(*second).max(1);

    // As frames, cut anywhere.
    let whole = decode(agreed, bytes, bytes.len().max(1));
    assert_eq!(whole, decode(agreed, bytes, size));
    // As the payload of a compressed message.
    let mut frame = encode_frame(OpCode::Binary, bytes).to_vec();
    frame[0] |= 0x40;
    let whole = decode(agreed, &frame, frame.len());
    assert_eq!(whole, decode(agreed, &frame, size));

    // As messages of our own, a server's and a client's.
    let mut server = Connection::server(Limits::default()).with_deflate(agreed);
    let mut client =
        Connection::client(Limits::default(), || [7; 4]).with_deflate(agreed);
    for message in bytes.chunks(size) {
        for (from, to) in [(0, 1), (1, 0)] {
            let [from, to] = if from < to {
                [&mut server, &mut client]
            } else {
                [&mut client, &mut server]
            };
            from.binary(message).expect("open");
            let mut output = from.take_output();
            let mut input = output.as_mut_slice();
            let event = to.receive(&mut input).expect("our own frame");
            assert_eq!(event, Some(Event::Binary(message.into())));
        }
    }

    // As a header.
    if let Ok(offers) = std::str::from_utf8(bytes) {
        let _ = agreed.answer(offers);
        let _ = agreed.agree(offers);
    }
});
