//! What the tests share: a decoder fed in pieces, and frames put together by hand.
#![allow(dead_code, reason = "each test binary uses its own part")]

use proptest::test_runner::{Config, RngSeed};
use websocket::{
    Decoder, Event, FrameHeader, Limits, OpCode, ProtocolError, Role, apply_mask,
};

pub(crate) const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The same cases in every run; `PROPTEST_CASES` asks for more than 256.
pub(crate) fn seeded() -> Config {
    Config {
        rng_seed: RngSeed::Fixed(6455),
        failure_persistence: None,
        ..Config::default()
    }
}

/// What came out of a decoder, up to the end of its input or the peer's mistake.
#[derive(Debug, PartialEq)]
pub(crate) struct Decoded {
    pub(crate) events: Vec<Event<'static>>,
    pub(crate) error: Option<ProtocolError>,
}

/// Feeds `bytes` to a new decoder, cut at each of `cuts` (positions; the order does not
/// matter).
pub(crate) fn decode(
    role: Role,
    limits: Limits,
    bytes: &[u8],
    cuts: &[usize],
) -> Decoded {
    let mut cuts = [cuts, &[0, bytes.len()]].concat();
    cuts.sort_unstable();
    let mut decoder = Decoder::new(role, limits);
    let mut decoded = Decoded {
        events: Vec::new(),
        error: None,
    };
    for cut in cuts.windows(2) {
        let mut chunk = bytes[cut[0]..cut[1]].to_vec();
        let mut input = chunk.as_mut_slice();
        loop {
            match decoder.decode(&mut input) {
                Ok(Some(event)) => decoded.events.push(owned(event)),
                Ok(None) => break,
                Err(error) => {
                    decoded.error = Some(error);
                    return decoded;
                }
            }
        }
        assert!(input.is_empty(), "the decoder left {} bytes", input.len());
    }
    decoded
}

/// Cuts between all bytes.
pub(crate) fn byte_by_byte(bytes: &[u8]) -> Vec<usize> {
    (0..bytes.len()).collect()
}

pub(crate) fn owned(event: Event<'_>) -> Event<'static> {
    match event {
        Event::Text(text) => Event::Text(text.into_owned().into()),
        Event::Binary(bytes) => Event::Binary(bytes.into_owned().into()),
        Event::Ping(bytes) => Event::Ping(bytes.into_owned().into()),
        Event::Pong(bytes) => Event::Pong(bytes.into_owned().into()),
        Event::Close(frame) => Event::Close(frame),
    }
}

/// A frame of any kind, masked if there is a key.
pub(crate) fn frame(
    fin: bool,
    opcode: OpCode,
    mask: Option<[u8; 4]>,
    payload: &[u8],
) -> Vec<u8> {
    let mut frame = Vec::new();
    FrameHeader {
        fin,
        opcode,
        mask,
        len: payload.len() as u64,
    }
    .write_to(&mut frame);
    let start = frame.len();
    frame.extend_from_slice(payload);
    if let Some(key) = mask {
        apply_mask(&mut frame[start..], key, 0);
    }
    frame
}
