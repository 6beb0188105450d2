//! What a decoder costs: no memory while idle or for messages in one piece, and never
//! more than what came.

use allocation_counter::{AllocationInfo, measure};
use websocket::{Decoder, Event, FrameHeader, Limits, OpCode, Role};

use crate::common::{KEY, frame};

const LIMITS: Limits = Limits {
    max_message: 1 << 30,
    max_fragments: 1 << 20,
};

/// What decoding `input` allocates, and how many events it has.
fn cost(decoder: &mut Decoder, input: &mut [u8]) -> (AllocationInfo, usize) {
    let mut events = 0;
    let info = measure(|| {
        let mut input = input;
        while let Some(event) = decoder.decode(&mut input).expect("valid frames") {
            events += 1;
            drop(event);
        }
    });
    (info, events)
}

#[test]
fn a_decoder_is_small() {
    assert!(
        size_of::<Decoder>() <= 120,
        "{} bytes",
        size_of::<Decoder>()
    );
}

#[test]
fn whole_messages_allocate_nothing() {
    let mut bytes = [
        frame(true, OpCode::Text, Some(KEY), &vec![b'x'; 70_000]),
        frame(true, OpCode::Ping, Some(KEY), b"ping"),
        frame(true, OpCode::Binary, Some(KEY), &[0; 300]),
        frame(true, OpCode::Text, Some(KEY), b""),
    ]
    .concat();
    let (info, events) = cost(&mut Decoder::new(Role::Server, LIMITS), &mut bytes);
    assert_eq!((info.count_total, events), (0, 4));
}

#[test]
fn a_header_in_pieces_allocates_nothing() {
    let mut bytes = frame(true, OpCode::Text, Some(KEY), &[b'x'; 200]);
    let (header, payload) = bytes.split_at_mut(8);
    let mut decoder = Decoder::new(Role::Server, LIMITS);
    for byte in header {
        assert_eq!(
            cost(&mut decoder, std::slice::from_mut(byte)).0.count_total,
            0
        );
    }
    let (info, events) = cost(&mut decoder, payload);
    assert_eq!((info.count_total, events), (0, 1));
}

#[test]
fn memory_follows_the_bytes_that_came_not_those_announced() {
    let mut bytes = Vec::new();
    FrameHeader {
        fin: true,
        opcode: OpCode::Binary,
        mask: None,
        len: 1 << 30,
    }
    .write_to(&mut bytes);
    let mut decoder = Decoder::new(Role::Client, LIMITS);
    assert_eq!(cost(&mut decoder, &mut bytes).0.bytes_max, 0);
    assert!(cost(&mut decoder, &mut [0; 1000]).0.bytes_max <= 2000);
}

#[test]
fn a_message_takes_its_memory_with_it() {
    let mut decoder = Decoder::new(Role::Client, LIMITS);
    let mut start = frame(false, OpCode::Text, None, &[b'x'; 1000]);
    let mut ping = frame(true, OpCode::Ping, None, b"in two parts");
    let mut end = frame(true, OpCode::Continuation, None, b"");
    let info = measure(|| {
        let (first, second) = ping.split_at_mut(5);
        for input in [&mut start[..], first, second, &mut end] {
            let mut input = input;
            while let Some(event) = decoder.decode(&mut input).expect("valid frames") {
                assert!(matches!(event, Event::Ping(_) | Event::Text(_)));
            }
        }
    });
    assert!(info.count_total > 0);
    assert_eq!(info.bytes_current, 0, "an idle decoder owns heap memory");
}
