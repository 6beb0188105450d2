//! However the bytes are cut, the same events come out, and never a panic. The first byte
//! says how to cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use websocket::{Connection, Decoder, Limits, ProtocolError, Role, inspect};

const LIMITS: Limits = Limits {
    max_message: 4096,
    max_fragments: 16,
};

fn decode(role: Role, bytes: &[u8], size: usize) -> (Vec<String>, Option<ProtocolError>) {
    let mut decoder = Decoder::new(role, LIMITS);
    let mut events = Vec::new();
    for chunk in bytes.chunks(size) {
        let mut chunk = chunk.to_vec();
        let mut input = chunk.as_mut_slice();
        loop {
            match decoder.decode(&mut input) {
                Ok(Some(event)) => events.push(format!("{event:?}")),
                Ok(None) => break,
                Err(error) => return (events, Some(error)),
            }
        }
    }
    (events, None)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&first, bytes)) = bytes.split_first() else {
        return;
    };
    let role = if first & 1 == 0 {
        Role::Server
    } else {
        Role::Client
    };
    let whole = decode(role, bytes, bytes.len().max(1));
    assert_eq!(whole, decode(role, bytes, usize::from(first >> 1).max(1)));

    let mut connection = Connection::server(LIMITS);
    let mut bytes = bytes.to_vec();
    let _ = inspect(&bytes);
    let mut input = bytes.as_mut_slice();
    while let Ok(Some(_)) = connection.receive(&mut input) {}
    // What we send must be something that a client of ours reads.
    let mut output = connection.take_output();
    let mut client = Connection::client(Limits::default(), || [0; 4]);
    let mut input = output.as_mut_slice();
    while client
        .receive(&mut input)
        .expect("our own frames")
        .is_some()
    {}
});
