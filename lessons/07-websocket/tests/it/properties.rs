//! What holds for all input: tungstenite and we understand each other, cuts do not
//! matter, nothing panics.

use std::io::{self, Read, Write};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode as TheirOpCode};
use tungstenite::protocol::frame::{self as theirs};
use websocket::{CloseCode, CloseFrame, Event, Limits, OpCode, Role};

use crate::common::{Decoded, decode, frame, seeded};

const LIMITS: Limits = Limits {
    max_message: 1 << 20,
    max_fragments: 64,
};

/// A frame of a conversation.
#[derive(Clone, Debug)]
struct Frame {
    fin: bool,
    opcode: OpCode,
    key: [u8; 4],
    payload: Vec<u8>,
}

/// The peer that speaks.
#[derive(Clone, Copy, Debug)]
enum Speaker {
    Client,
    Server,
}

impl Speaker {
    fn mask(self, frame: &Frame) -> Option<[u8; 4]> {
        matches!(self, Self::Client).then_some(frame.key)
    }

    fn our_listener(self) -> Role {
        match self {
            Self::Client => Role::Server,
            Self::Server => Role::Client,
        }
    }

    fn their_listener(self) -> tungstenite::protocol::Role {
        match self {
            Self::Client => tungstenite::protocol::Role::Server,
            Self::Server => tungstenite::protocol::Role::Client,
        }
    }
}

fn speaker() -> impl Strategy<Value = Speaker> {
    prop_oneof![Just(Speaker::Client), Just(Speaker::Server)]
}

fn control() -> impl Strategy<Value = Frame> {
    (
        prop_oneof![Just(OpCode::Ping), Just(OpCode::Pong)],
        any::<[u8; 4]>(),
        vec(any::<u8>(), 0..=125),
    )
        .prop_map(|(opcode, key, payload)| Frame {
            fin: true,
            opcode,
            key,
            payload,
        })
}

/// A message, and the frames that carry it: cut in some places, with control frames in
/// between.
fn message() -> impl Strategy<Value = (Vec<Event<'static>>, Vec<Frame>)> {
    let sizes = prop_oneof![
        0..200_usize,
        Just(125),
        Just(126),
        Just(65_535),
        Just(65_536)
    ];
    let payload = prop_oneof![
        ".{0,100}".prop_map(|text| Event::Text(text.into())),
        (sizes, any::<u8>())
            .prop_map(|(len, byte)| Event::Binary(vec![byte; len].into())),
    ];
    let cuts = vec(
        (
            any::<Index>(),
            any::<[u8; 4]>(),
            prop::option::of(control()),
        ),
        0..4,
    );
    (payload, any::<[u8; 4]>(), cuts).prop_map(|(message, key, cuts)| {
        let (opcode, bytes) = match &message {
            Event::Text(text) => (OpCode::Text, text.as_bytes()),
            Event::Binary(bytes) => (OpCode::Binary, &bytes[..]),
            other => unreachable!("{other:?} is not generated"),
        };
        let mut cuts: Vec<_> = cuts
            .into_iter()
            .map(|(cut, key, control)| (cut.index(bytes.len() + 1), key, control))
            .collect();
        cuts.sort_by_key(|(cut, ..)| *cut);
        let (mut events, mut frames) = (Vec::new(), Vec::new());
        let mut start = 0;
        let mut next = opcode;
        for (cut, key, control) in cuts {
            frames.push(Frame {
                fin: false,
                opcode: next,
                key,
                payload: bytes[start..cut].to_vec(),
            });
            (start, next) = (cut, OpCode::Continuation);
            if let Some(control) = control {
                events.push(event(&control));
                frames.push(control);
            }
        }
        frames.push(Frame {
            fin: true,
            opcode: next,
            key,
            payload: bytes[start..].to_vec(),
        });
        events.push(message);
        (events, frames)
    })
}

fn event(control: &Frame) -> Event<'static> {
    let payload = control.payload.clone().into();
    if control.opcode == OpCode::Ping {
        Event::Ping(payload)
    } else {
        Event::Pong(payload)
    }
}

/// Some messages and a close frame.
fn conversation() -> impl Strategy<Value = (Vec<Event<'static>>, Vec<Frame>)> {
    let close = prop::option::of((
        prop_oneof![1000..=1003_u16, 1007..=1011_u16, 3000..=4999_u16],
        ".{0,30}",
    ));
    (vec(message(), 0..4), close, any::<[u8; 4]>()).prop_map(|(messages, close, key)| {
        let close = close.map(|(code, reason)| CloseFrame {
            code: CloseCode(code),
            reason,
        });
        let payload = close.as_ref().map_or_else(Vec::new, CloseFrame::encode);
        let (events, frames): (Vec<_>, Vec<_>) = messages.into_iter().unzip();
        let (mut events, mut frames) = (events.concat(), frames.concat());
        events.push(Event::Close(close));
        frames.push(Frame {
            fin: true,
            opcode: OpCode::Close,
            key,
            payload,
        });
        (events, frames)
    })
}

fn our_bytes(speaker: Speaker, frames: &[Frame]) -> Vec<u8> {
    frames
        .iter()
        .flat_map(|f| frame(f.fin, f.opcode, speaker.mask(f), &f.payload))
        .collect()
}

fn their_bytes(speaker: Speaker, frames: &[Frame]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for frame in frames {
        let opcode = match frame.opcode {
            OpCode::Continuation => TheirOpCode::Data(Data::Continue),
            OpCode::Text => TheirOpCode::Data(Data::Text),
            OpCode::Binary => TheirOpCode::Data(Data::Binary),
            OpCode::Close => TheirOpCode::Control(Control::Close),
            OpCode::Ping => TheirOpCode::Control(Control::Ping),
            OpCode::Pong => TheirOpCode::Control(Control::Pong),
        };
        let header = theirs::FrameHeader {
            is_final: frame.fin,
            opcode,
            mask: speaker.mask(frame),
            ..theirs::FrameHeader::default()
        };
        let frame = theirs::Frame::from_payload(header, frame.payload.clone().into());
        frame.format(&mut bytes).expect("a Vec takes all");
    }
    bytes
}

/// Gives its bytes in the pieces that the cuts make, and swallows what is written.
struct Pieces<'a> {
    bytes: &'a [u8],
    sizes: Vec<usize>,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes.pop().unwrap_or(usize::MAX).min(buffer.len());
        (&mut self.bytes).take(size as u64).read(buffer)
    }
}

impl Write for Pieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What tungstenite reads, up to the close frame.
fn their_events(
    speaker: Speaker,
    bytes: &[u8],
    sizes: Vec<usize>,
) -> Vec<Event<'static>> {
    let stream = Pieces { bytes, sizes };
    let mut socket =
        tungstenite::WebSocket::from_raw_socket(stream, speaker.their_listener(), None);
    let mut events = Vec::new();
    while !matches!(events.last(), Some(Event::Close(_))) {
        events.push(match socket.read().expect("our frames are valid") {
            tungstenite::Message::Text(text) => Event::Text(text.to_string().into()),
            tungstenite::Message::Binary(bytes) => Event::Binary(bytes.to_vec().into()),
            tungstenite::Message::Ping(bytes) => Event::Ping(bytes.to_vec().into()),
            tungstenite::Message::Pong(bytes) => Event::Pong(bytes.to_vec().into()),
            tungstenite::Message::Close(frame) => {
                Event::Close(frame.map(|frame| CloseFrame {
                    code: CloseCode(frame.code.into()),
                    reason: frame.reason.to_string(),
                }))
            }
            tungstenite::Message::Frame(frame) => unreachable!("never read: {frame:?}"),
        });
    }
    events
}

fn positions(cuts: &[Index], bytes: &[u8]) -> Vec<usize> {
    cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect()
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn what_tungstenite_encodes_we_decode(
        speaker in speaker(),
        (events, frames) in conversation(),
        cuts: Vec<Index>,
    ) {
        let bytes = their_bytes(speaker, &frames);
        let decoded = decode(speaker.our_listener(), LIMITS, &bytes, &positions(&cuts, &bytes));
        prop_assert_eq!(decoded, Decoded { events, error: None });
    }

    #[test]
    fn what_we_encode_tungstenite_decodes(
        speaker in speaker(),
        (events, frames) in conversation(),
        sizes in vec(1..100_usize, 0..20),
    ) {
        prop_assert_eq!(their_events(speaker, &our_bytes(speaker, &frames), sizes), events);
    }

    /// A valid conversation with a few bytes changed reaches deep into the decoder, and mostly ends in an error. What
    /// it says before, and which error, does not depend on how the network cut it.
    #[test]
    fn cuts_change_nothing(
        speaker in speaker(),
        (_, frames) in conversation(),
        damage in vec((any::<Index>(), any::<u8>()), 0..4),
        cuts: Vec<Index>,
    ) {
        let mut bytes = our_bytes(speaker, &frames);
        for (position, byte) in damage {
            let position = position.index(bytes.len());
            bytes[position] = byte;
        }
        let limits = Limits { max_message: 500, max_fragments: 3 };
        let whole = decode(speaker.our_listener(), limits, &bytes, &[]);
        let cut = decode(speaker.our_listener(), limits, &bytes, &positions(&cuts, &bytes));
        prop_assert_eq!(whole, cut);
    }

    #[test]
    fn arbitrary_bytes_do_not_panic(speaker in speaker(), bytes: Vec<u8>, cuts: Vec<Index>) {
        decode(speaker.our_listener(), LIMITS, &bytes, &positions(&cuts, &bytes));
    }
}
