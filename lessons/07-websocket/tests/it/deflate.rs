//! Compression: the examples of RFC 7692, what is refused, and what it costs.

use std::os::unix::net::UnixStream;
use std::thread;

use allocation_counter::measure;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use websocket::{
    CloseCode, Connection, Decoder, Deflate, Deflater, Error, Event, HandshakeError,
    Limits, Message, OpCode, Origins, ProtocolError, Role, WebSocket,
    encode_compressed_frame,
};

use crate::common::{KEY, frame, owned, seeded};

const LIMITS: Limits = Limits {
    max_message: 1 << 20,
    max_fragments: 64,
};
const RSV1: u8 = 0x40;
/// Bytes that a decompressor owns, rounded up; a compressor with the largest window, and
/// with the smallest.
const DECOMPRESSOR: u64 = 48_000;
const COMPRESSOR: u64 = 382_000;
const SMALL_COMPRESSOR: u64 = 252_000;

/// A server's frame whose payload is compressed.
fn compressed(fin: bool, opcode: OpCode, payload: &[u8]) -> Vec<u8> {
    let mut bytes = frame(fin, opcode, None, payload);
    bytes[0] |= RSV1;
    bytes
}

fn client(agreed: Deflate) -> Decoder {
    Decoder::new(Role::Client, LIMITS).with_deflate(agreed)
}

/// All events in `bytes`, or the first rule that they break.
fn events(
    decoder: &mut Decoder,
    bytes: &[u8],
) -> Result<Vec<Event<'static>>, ProtocolError> {
    let mut bytes = bytes.to_vec();
    let mut input = bytes.as_mut_slice();
    let mut events = Vec::new();
    while let Some(event) = decoder.decode(&mut input)? {
        events.push(owned(event));
    }
    Ok(events)
}

fn hello(bytes: &[u8]) {
    let mut decoder = client(Deflate::default());
    let hello = Event::Text("Hello".into());
    assert_eq!(events(&mut decoder, bytes), Ok(vec![hello]), "{bytes:02x?}");
}

// --- The examples of RFC 7692 §7.2.3 ---

#[test]
fn a_message_in_one_compressed_block() {
    hello(b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00");
    let mut deflater = Deflater::new(Role::Server, Deflate::default());
    assert_eq!(deflater.deflate(b"Hello"), b"\xf2\x48\xcd\xc9\xc9\x07\x00");
}

#[test]
fn a_compressed_message_in_two_fragments() {
    hello(b"\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00");
}

#[test]
fn the_second_message_refers_to_the_first() {
    let mut deflater = Deflater::new(Role::Server, Deflate::default());
    assert_eq!(deflater.deflate(b"Hello"), b"\xf2\x48\xcd\xc9\xc9\x07\x00");
    // The RFC's compressor repeats the first letter; ours repeats all of it.
    assert_eq!(deflater.deflate(b"Hello"), b"\x02\x13\x00\x00");
    let ours = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x04\x02\x13\x00\x00";
    let twice = vec![Event::Text("Hello".into()); 2];
    assert_eq!(events(&mut client(Deflate::default()), ours), Ok(twice));
    let both = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00";
    let twice = vec![Event::Text("Hello".into()); 2];
    assert_eq!(events(&mut client(Deflate::default()), both), Ok(twice));
    // Whoever agreed to forget the first cannot read the second.
    let result = events(&mut client(Deflate::NO_CONTEXT), both);
    assert_eq!(result, Err(ProtocolError::Deflate));
}

#[test]
fn a_block_without_compression() {
    hello(b"\xc1\x0b\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00");
}

#[test]
fn a_block_that_calls_itself_the_last() {
    hello(b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00");
    let twice = b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00".repeat(2);
    let result = events(&mut client(Deflate::default()), &twice);
    assert_eq!(result, Ok(vec![Event::Text("Hello".into()); 2]));
}

#[test]
fn two_blocks_in_one_message() {
    hello(b"\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00");
}

#[test]
fn an_empty_message() {
    let empty = Ok(vec![Event::Text("".into())]);
    for wish in [Deflate::default(), Deflate::NO_CONTEXT] {
        assert_eq!(events(&mut client(wish), b"\xc1\x01\x00"), empty);
        let mut deflater = Deflater::new(Role::Server, wish);
        for _ in 0..3 {
            let payload = deflater.deflate(b"");
            assert!(!payload.is_empty());
            let bytes = compressed(true, OpCode::Text, &payload);
            assert_eq!(events(&mut client(wish), &bytes), empty, "{payload:02x?}");
        }
    }
}

#[test]
fn a_message_can_be_sent_as_it_is() {
    let bytes = [
        frame(true, OpCode::Text, None, b"plain"),
        compressed(true, OpCode::Text, b"\xf2\x48\xcd\xc9\xc9\x07\x00"),
        frame(true, OpCode::Text, None, b"plain"),
    ]
    .concat();
    let expected = ["plain", "Hello", "plain"].map(|text| Event::Text(text.into()));
    let result = events(&mut client(Deflate::default()), &bytes);
    assert_eq!(result, Ok(expected.to_vec()));
}

// --- What is refused ---

#[test]
fn rsv1_is_refused_where_it_has_no_meaning() {
    let mut without = Decoder::new(Role::Client, LIMITS);
    let reserved = Err(ProtocolError::ReservedBits);
    assert_eq!(events(&mut without, b"\xc1\x01\x00"), reserved);
    for bytes in [
        &b"\xc9\x00"[..],            // a ping
        b"\xca\x00",                 // a pong
        b"\xc8\x00",                 // a close frame
        b"\x41\x03\xf2\x48\xcd\xc0", // the second fragment
        b"\x01\x03Hel\xc0",          // the second fragment of a plain message
        b"\xe1",
        b"\xd1",
        b"\xf1",
        b"\xa1",
        b"\x91", // RSV2 and RSV3
    ] {
        let mut decoder = client(Deflate::default());
        assert_eq!(events(&mut decoder, bytes), reserved, "{bytes:02x?}");
    }
    // Its opcode is still the first thing to be wrong.
    let result = events(&mut client(Deflate::default()), b"\xc3");
    assert_eq!(result, reserved);
}

#[test]
fn a_message_that_is_not_deflate_is_refused_with_1007() {
    for bytes in [
        // A block of the fourth kind, which does not exist.
        compressed(true, OpCode::Text, b"\x07"),
        // It refers to a byte before the first.
        compressed(true, OpCode::Text, b"\xf2\x00\x11\x00\x00"),
        // A stored block whose length and its complement disagree.
        compressed(true, OpCode::Text, b"\x00\x05\x00\xfa\xfeHello\x00"),
    ] {
        let result = events(&mut client(Deflate::default()), &bytes);
        assert_eq!(result, Err(ProtocolError::Deflate), "{bytes:02x?}");
    }
    assert_eq!(ProtocolError::Deflate.close_code(), CloseCode(1007));
}

#[test]
fn compressed_text_is_utf8_and_checked_as_it_is_inflated() {
    let mut wrong = b"\xff".to_vec();
    wrong.resize(2_000_000, b'x');
    let mut deflater = Deflater::new(Role::Server, Deflate::NO_CONTEXT);
    let bytes = compressed(true, OpCode::Text, &deflater.deflate(&wrong));
    let result = events(&mut client(Deflate::NO_CONTEXT), &bytes);
    // Not too big: the first byte was seen first.
    assert_eq!(result, Err(ProtocolError::InvalidUtf8));
    // A character that is cut by fragments.
    let payload = deflater.deflate("ä".as_bytes());
    let (start, end) = payload.split_at(2);
    let bytes = [
        compressed(false, OpCode::Text, start),
        frame(true, OpCode::Continuation, None, end),
    ]
    .concat();
    let result = events(&mut client(Deflate::NO_CONTEXT), &bytes);
    assert_eq!(result, Ok(vec![Event::Text("ä".into())]));
    let half = compressed(true, OpCode::Text, &deflater.deflate(b"\xc3"));
    let result = events(&mut client(Deflate::NO_CONTEXT), &half);
    assert_eq!(result, Err(ProtocolError::InvalidUtf8));
}

#[test]
fn the_limit_is_for_the_message_after_decompression() {
    for (len, fits) in [(LIMITS.max_message, true), (LIMITS.max_message + 1, false)] {
        for byte in [Some(0), None] {
            // Zeros are a bomb; noise gets larger by compression, and is still allowed.
            let mut noise = 1_u32;
            let mut next = || {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                byte.unwrap_or_else(|| noise.to_be_bytes()[0])
            };
            let payload: Vec<u8> = (0..len).map(|_| next()).collect();
            let mut deflater = Deflater::new(Role::Server, Deflate::NO_CONTEXT);
            let deflated = deflater.deflate(&payload);
            let bytes = compressed(true, OpCode::Binary, &deflated);
            let result = events(&mut client(Deflate::NO_CONTEXT), &bytes);
            let expected = if fits {
                Ok(vec![Event::Binary(payload.into())])
            } else {
                Err(ProtocolError::MessageTooBig(LIMITS.max_message))
            };
            assert!(result == expected, "{len} of {byte:?}");
        }
    }
}

#[test]
fn bytes_that_inflate_to_nothing_have_an_end_too() {
    let empty_blocks = b"\x00\x00\x00\xff\xff".repeat(1000);
    let mut decoder = client(Deflate::NO_CONTEXT);
    let mut sent = 0;
    let first = compressed(false, OpCode::Binary, &empty_blocks);
    let next = frame(false, OpCode::Continuation, None, &empty_blocks);
    let mut result = events(&mut decoder, &first);
    while result == Ok(Vec::new()) {
        sent += empty_blocks.len();
        // 64 fragments of 5,000 bytes are not enough; one frame can be of any length.
        let huge = frame(false, OpCode::Continuation, None, &empty_blocks.repeat(60));
        result = events(&mut decoder, if sent < 50_000 { &next } else { &huge });
    }
    assert_eq!(
        result,
        Err(ProtocolError::MessageTooBig(LIMITS.max_message))
    );
    assert!(sent < 2 * LIMITS.max_message);
}

// --- What it costs ---

/// Zeros, a thousand times smaller than what they become.
fn bomb(len: usize) -> Vec<u8> {
    Deflater::new(Role::Server, Deflate::NO_CONTEXT).deflate(&vec![0; len])
}

#[test]
fn a_bomb_holds_no_more_than_the_limit() {
    let payload = bomb(100_000_000);
    let (start, rest) = payload.split_at(payload.len() / 200);
    // Whole, and in fragments that stay below the limit at first.
    let whole = compressed(true, OpCode::Binary, &payload);
    let fragments = [
        compressed(false, OpCode::Binary, start),
        frame(true, OpCode::Continuation, None, rest),
    ]
    .concat();
    for mut bytes in [whole, fragments] {
        let info = measure(|| {
            let mut decoder = client(Deflate::NO_CONTEXT);
            let mut input = bytes.as_mut_slice();
            let result = decoder.decode(&mut input);
            let too_big = ProtocolError::MessageTooBig(LIMITS.max_message);
            assert_eq!(result, Err(too_big));
        });
        // While a vector grows there can be two of it.
        let max = 2 * LIMITS.max_message as u64 + DECOMPRESSOR;
        assert!(info.bytes_max <= max, "{} bytes", info.bytes_max);
    }
}

#[test]
fn what_is_kept_of_a_message_stays_within_the_limit() {
    // One byte below the limit, without its end: all of it is kept.
    let payload = bomb(LIMITS.max_message - 1);
    let mut bytes = compressed(false, OpCode::Binary, &payload);
    let mut decoder = client(Deflate::NO_CONTEXT);
    let info = measure(|| {
        let mut input = bytes.as_mut_slice();
        assert_eq!(decoder.decode(&mut input), Ok(None));
    });
    let kept = u64::try_from(info.bytes_current).expect("a positive number");
    assert!(
        kept <= LIMITS.max_message as u64 + DECOMPRESSOR,
        "{kept} bytes"
    );
}

/// What a connection owns after it has sent and received some messages.
fn kept_by(agreed: Deflate) -> i64 {
    // The compressor of the thread is there already.
    drop(bomb(1));
    let text = "Tea or cake? ".repeat(200);
    let mut bytes = Connection::server(LIMITS).with_deflate(agreed);
    bytes.text(&text).expect("open");
    let mut bytes = bytes.take_output();
    let mut connections = None;
    let info = measure(|| {
        let mut client = Connection::client(LIMITS, || KEY).with_deflate(agreed);
        let mut input = bytes.as_mut_slice();
        drop(client.receive(&mut input));
        client.text(&text).expect("open");
        drop(client.take_output());
        connections = Some(client);
    });
    info.bytes_current
}

#[test]
fn without_context_an_idle_connection_keeps_nothing_of_zlib() {
    let kept = kept_by(Deflate::NO_CONTEXT);
    assert!(kept < 300, "{kept} bytes");
}

#[test]
fn with_context_an_idle_connection_keeps_what_the_documentation_says() {
    let smallest = Deflate {
        client_max_window_bits: Some(9),
        ..Deflate::default()
    };
    for (agreed, compressor) in [
        (Deflate::default(), COMPRESSOR),
        (smallest, SMALL_COMPRESSOR),
    ] {
        let kept = kept_by(agreed).cast_unsigned();
        let said = compressor + DECOMPRESSOR;
        assert!((said * 9 / 10..=said).contains(&kept), "{kept} bytes");
    }
}

// --- The negotiation ---

#[test]
fn offers_and_their_answers() {
    let no_context =
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    for (wish, offer, answer) in [
        (
            Deflate::default(),
            "permessage-deflate",
            Some("permessage-deflate"),
        ),
        (Deflate::NO_CONTEXT, "permessage-deflate", Some(no_context)),
        // What browsers offer.
        (
            Deflate::default(),
            "permessage-deflate; client_max_window_bits",
            Some("permessage-deflate"),
        ),
        // What the client asks for it gets, in the words in which it asked.
        (Deflate::default(), no_context, Some(no_context)),
        (
            Deflate::default(),
            " permessage-deflate ;server_max_window_bits=15 ; client_max_window_bits=\"10\"",
            Some(
                "permessage-deflate; server_max_window_bits=15; client_max_window_bits=10",
            ),
        ),
        // The smaller window wins.
        (
            Deflate {
                server_max_window_bits: Some(11),
                client_max_window_bits: Some(9),
                ..Deflate::default()
            },
            "permessage-deflate; server_max_window_bits=12; client_max_window_bits",
            Some(
                "permessage-deflate; server_max_window_bits=11; client_max_window_bits=9",
            ),
        ),
        // A client that does not say so cannot be told its window.
        (
            Deflate {
                client_max_window_bits: Some(9),
                ..Deflate::default()
            },
            "permessage-deflate",
            None,
        ),
        // The first good offer, not the first.
        (
            Deflate::default(),
            "x-webkit-deflate-frame, permessage-deflate; foo, permessage-deflate; \
             server_max_window_bits=10, permessage-deflate",
            Some("permessage-deflate; server_max_window_bits=10"),
        ),
        (
            Deflate::default(),
            "other; note=\"a, permessage-deflate; b\", permessage-deflate; foo",
            None,
        ),
        (Deflate::default(), "", None),
        (Deflate::default(), "permessage-deflate-2", None),
    ] {
        let answered = wish.answer(offer).map(|agreed| agreed.to_string());
        assert_eq!(answered.as_deref(), answer, "{offer}");
    }
}

#[test]
fn an_offer_with_a_wrong_parameter_is_declined() {
    for parameters in [
        "unknown",
        "server_no_context_takeover=true",
        "client_no_context_takeover=",
        "server_no_context_takeover; server_no_context_takeover",
        "client_max_window_bits; client_max_window_bits=10",
        "server_max_window_bits",
        "server_max_window_bits=",
        "server_max_window_bits=7",
        "server_max_window_bits=8", // allowed, but zlib cannot
        "server_max_window_bits=16",
        "server_max_window_bits=09",
        "server_max_window_bits=+9",
        "server_max_window_bits=\"10",
        "server_max_window_bits=10\"",
        "server_max_window_bits=1\"0\"",
        "client_max_window_bits=99999999999",
        "Server_No_Context_Takeover",
        "",
    ] {
        let offer = format!("permessage-deflate; {parameters}");
        assert_eq!(Deflate::default().answer(&offer), None, "{offer}");
    }
}

#[test]
fn a_client_accepts_only_answers_to_its_offer() {
    let small = Deflate {
        server_max_window_bits: Some(10),
        ..Deflate::NO_CONTEXT
    };
    for (offer, answer, good) in [
        (Deflate::default(), "permessage-deflate", true),
        (
            Deflate::default(),
            "permessage-deflate; client_max_window_bits=9",
            true,
        ),
        (
            Deflate::default(),
            "permessage-deflate; client_max_window_bits",
            false,
        ),
        (Deflate::default(), "permessage-deflate; foo", false),
        (
            Deflate::default(),
            "permessage-deflate, permessage-deflate",
            false,
        ),
        (Deflate::default(), "other", false),
        (Deflate::default(), "", false),
        (Deflate::NO_CONTEXT, "permessage-deflate", false),
        (
            Deflate::NO_CONTEXT,
            "permessage-deflate; server_no_context_takeover",
            true,
        ),
        (
            small,
            "permessage-deflate; server_no_context_takeover",
            false,
        ),
        (
            small,
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=11",
            false,
        ),
        (
            small,
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=9",
            true,
        ),
    ] {
        let agreed = offer.agree(answer);
        assert_eq!(agreed.is_some(), good, "{} -> {answer}", offer.offer());
    }
    // It keeps its own promise, though the server does not repeat it.
    let agreed = Deflate::NO_CONTEXT
        .agree("permessage-deflate; server_no_context_takeover")
        .expect("a good answer");
    assert!(agreed.client_no_context_takeover);
}

#[test]
fn a_client_that_offered_nothing_refuses_an_extension() {
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    let server = thread::spawn(move || {
        let (mut theirs, mut head) = (theirs, Vec::new());
        let request = loop {
            let mut chunk = [0; 1024];
            let count = std::io::Read::read(&mut theirs, &mut chunk).expect("a read");
            head.extend_from_slice(&chunk[..count]);
            if let Ok(Some((request, _))) = websocket::Request::parse(&head) {
                break request;
            }
        };
        let response = request.response_with(None, Some(Deflate::default()));
        std::io::Write::write_all(&mut theirs, &response).expect("a write");
    });
    let refused = WebSocket::connect(ours, "example.org", "/", LIMITS);
    let expected = HandshakeError::Header("Sec-WebSocket-Extensions");
    assert!(
        matches!(&refused, Err(Error::Handshake(error)) if *error == expected),
        "{refused:?}"
    );
    server.join().expect("the server");
}

#[test]
fn two_programs_agree_and_talk() {
    let text = Message::Text("Tea or cake? ".repeat(1000));
    for (wish, offer) in [
        (Some(Deflate::NO_CONTEXT), Some(Deflate::default())),
        (Some(Deflate::default()), Some(Deflate::NO_CONTEXT)),
        (None, Some(Deflate::default())),
        (Some(Deflate::default()), None),
    ] {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let server = thread::spawn(move || {
            let (mut socket, _) =
                WebSocket::accept_with(theirs, &Origins::Any, LIMITS, wish)
                    .expect("a handshake");
            while let Some(message) = socket.read().expect("a message") {
                socket.send(&message).expect("an echo");
            }
        });
        let mut socket = WebSocket::connect_with(ours, "example.org", "/", LIMITS, offer)
            .expect("a handshake");
        for _ in 0..3 {
            socket.send(&text).expect("a message");
            assert_eq!(socket.read().expect("an echo").as_ref(), Some(&text));
        }
        socket.close(CloseCode::NORMAL, "").expect("the end");
        server.join().expect("the server");
    }
}

#[test]
fn a_shared_frame_is_smaller_than_the_plain_one_or_there_is_none() {
    let text = "Tea or cake? ".repeat(100);
    let frame = encode_compressed_frame(OpCode::Text, text.as_bytes()).expect("smaller");
    assert!(frame.len() < text.len() / 10);
    // Any number of clients can read it, each at any point of its connection.
    for wish in [Deflate::NO_CONTEXT, Deflate::default()] {
        let mut decoder = client(wish);
        for _ in 0..3 {
            let result = events(&mut decoder, &frame);
            assert_eq!(result, Ok(vec![Event::Text(text.clone().into())]));
        }
    }
    assert_eq!(encode_compressed_frame(OpCode::Binary, &[1, 2, 3]), None);
}

// --- Whatever is sent ---

fn wish() -> impl Strategy<Value = Deflate> {
    let bits = || prop_oneof![Just(None), (9_u8..=15).prop_map(Some)];
    (any::<bool>(), any::<bool>(), bits(), bits()).prop_map(
        |(server, client, server_bits, client_bits)| Deflate {
            server_no_context_takeover: server,
            client_no_context_takeover: client,
            server_max_window_bits: server_bits,
            client_max_window_bits: client_bits,
        },
    )
}

/// Repetitive, of sizes around those of windows and chunks.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let part = (vec(any::<u8>(), 0..40), 0_usize..400);
    vec(part, 0..6).prop_map(|parts| {
        let repeated = parts.into_iter().map(|(bytes, times)| bytes.repeat(times));
        repeated.collect::<Vec<_>>().concat()
    })
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn both_sides_read_what_the_other_sends(
        (server_wish, client_wish) in (wish(), wish()),
        messages in vec((any::<bool>(), payload()), 1..6),
        cuts in vec(any::<Index>(), 0..6),
    ) {
        let Some(agreed) = server_wish.answer(&client_wish.offer()) else {
            return Err(TestCaseError::fail("a client that can do everything"));
        };
        prop_assert_eq!(client_wish.agree(&agreed.to_string()), Some(agreed));
        let mut server = Connection::server(LIMITS).with_deflate(agreed);
        let mut client = Connection::client(LIMITS, || KEY).with_deflate(agreed);
        for (from_server, payload) in messages {
            let (from, to) = if from_server {
                (&mut server, &mut client)
            } else {
                (&mut client, &mut server)
            };
            from.binary(&payload).expect("open");
            let bytes = from.take_output();
            let mut cuts: Vec<usize> =
                cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let mut received = Vec::new();
            for cut in cuts.windows(2) {
                let mut piece = bytes[cut[0]..cut[1]].to_vec();
                let mut input = piece.as_mut_slice();
                while let Some(event) = to.receive(&mut input).expect("a good frame") {
                    received.push(owned(event));
                }
            }
            prop_assert_eq!(received, vec![Event::Binary(payload.into())]);
        }
    }

    #[test]
    fn fragments_can_be_cut_anywhere(
        payload in payload(),
        cuts in vec(any::<Index>(), 0..5),
        takeover in any::<bool>(),
    ) {
        let agreed = if takeover { Deflate::default() } else { Deflate::NO_CONTEXT };
        let deflated = Deflater::new(Role::Server, agreed).deflate(&payload);
        let mut cuts: Vec<usize> =
            cuts.iter().map(|cut| cut.index(deflated.len() + 1)).collect();
        cuts.extend([0, deflated.len()]);
        cuts.sort_unstable();
        let mut bytes = Vec::new();
        for (index, cut) in cuts.windows(2).enumerate() {
            let fin = index + 2 == cuts.len();
            let part = &deflated[cut[0]..cut[1]];
            bytes.extend(if index == 0 {
                compressed(fin, OpCode::Binary, part)
            } else {
                frame(fin, OpCode::Continuation, None, part)
            });
            bytes.extend(frame(true, OpCode::Ping, None, b"in between"));
        }
        let result = events(&mut client(agreed), &bytes).expect("good frames");
        let data: Vec<_> =
            result.into_iter().filter(|event| !matches!(event, Event::Ping(_))).collect();
        prop_assert_eq!(data, vec![Event::Binary(payload.into())]);
    }

    #[test]
    fn any_bytes_inflate_to_a_message_within_the_limit_or_to_an_error(
        bytes in vec(any::<u8>(), 0..300),
        takeover in any::<bool>(),
    ) {
        let agreed = if takeover { Deflate::default() } else { Deflate::NO_CONTEXT };
        let mut decoder =
            Decoder::new(Role::Client, Limits { max_message: 1000, max_fragments: 8 })
                .with_deflate(agreed);
        for _ in 0..2 {
            let frame = compressed(true, OpCode::Binary, &bytes);
            match events(&mut decoder, &frame).as_deref() {
                Ok([Event::Binary(message)]) => prop_assert!(message.len() <= 1000),
                Ok([]) | Err(_) => {}
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }

    #[test]
    fn any_header_gets_an_answer_that_is_an_offer_too(
        offers in "(permessage-deflate|server_no_context_takeover|client_max_window_bits|server_max_window_bits|[;,=\" ]|1[0-5]|[89]){0,20}",
        wish in wish(),
    ) {
        if let Some(agreed) = wish.answer(&offers) {
            prop_assert_eq!(wish.answer(&agreed.to_string()).is_some(), agreed.client_max_window_bits.is_some() || wish.client_max_window_bits.is_none());
        }
        let _ = wish.agree(&offers);
    }
}

// --- What the chapter says ---

/// A chat's message as chapter 10 sends it.
fn chat(number: usize) -> String {
    let (name, text) = match number % 4 {
        0 => ("Ann", "Has anyone seen my cup?"),
        1 => ("Bob", "It is next to the kettle."),
        2 => ("Ann", "Found it. Is there any tea left?"),
        _ => ("Bob", "There is cake, too."),
    };
    format!("42[\"msg_to_room\",\"{name}\",\"{text}\",{{\"number\":{number}}}]")
}

#[test]
fn the_sizes_in_the_chapter() {
    let deflated = |agreed: Deflate, messages: &[String]| {
        let mut deflater = Deflater::new(Role::Server, agreed);
        let sizes = messages
            .iter()
            .map(|it| deflater.deflate(it.as_bytes()).len());
        sizes.last().expect("a message")
    };
    let messages: Vec<String> = (0..40).map(chat).collect();
    let history = [format!("42[\"history\",[{}]]", messages.join(","))];
    let sizes = [
        messages[37].len(),
        deflated(Deflate::NO_CONTEXT, &messages[..38]),
        deflated(Deflate::default(), &messages[..38]),
        history[0].len(),
        deflated(Deflate::NO_CONTEXT, &history),
    ];
    assert_eq!(sizes, [65, 67, 12, 2635, 405]);
}

#[test]
fn the_length_tells_whether_a_guess_is_right() {
    let len = |guess: &str| {
        let page = format!("session=kX3b9; last search: session={guess}");
        let mut deflater = Deflater::new(Role::Server, Deflate::NO_CONTEXT);
        deflater.deflate(page.as_bytes()).len()
    };
    let guesses = ["zqwvu", "kqwvu", "kXwvu", "kX3vu", "kX3bu", "kX3b9"];
    let lens = guesses.map(len);
    assert_eq!(lens, [37, 36, 35, 34, 33, 32]);
}
