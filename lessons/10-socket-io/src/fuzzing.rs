//! The bodies of the fuzz targets, and tests with their corpora.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::Value;

use crate::limits::Limits;
use crate::machine::{Machine, Output, Rules};
use crate::wire::args::{self, Args};
use crate::wire::binary::Binary;
use crate::wire::parser::Parser;

/// Hands a client's messages, one per line, to a machine that accepts every namespace, and
/// decodes what comes out. A line that starts with `b` is a binary message.
///
/// # Panics
/// If a limit does not hold, or an event does not survive the way out and in again.
pub fn packets(input: &[u8]) {
    let limits = Limits {
        max_attachment_bytes: 1 << 16,
        ..Limits::default()
    };
    let rules = Rules {
        limits,
        connect_timeout: Duration::from_secs(45),
        parser: Parser::default(),
    };
    let now = Instant::now();
    let mut machine: Machine<(), ()> = Machine::new(now, Arc::new(rules));
    for line in input.split(|byte| *byte == b'\n') {
        let output = match (line.strip_prefix(b"b"), std::str::from_utf8(line)) {
            (Some(bytes), _) => machine.handle_binary(now, Bytes::copy_from_slice(bytes)),
            (None, Ok(text)) => machine.handle_text(now, text),
            (None, Err(_)) => continue,
        };
        match output {
            Some(Output::Ask { key, auth, .. }) => {
                let _ = args::auth(&auth);
                machine.admit(key, ());
                machine.accepted(key);
            }
            Some(Output::Event { event, .. }) => {
                let raw = event.raw();
                let _ = raw.decode::<(Value, Option<Binary>)>();
                let _ = raw.decode::<(Vec<Binary>,)>();
                let name = args::event_name(&event.array).expect("it was checked");
                let args: Args = raw.decode().expect("any JSON fits");
                let again = args::encode(Some(&name), &args).expect("it came in");
                assert_eq!(again.attachments, event.attachments);
                machine.work_done(event.cost);
            }
            _ => {}
        }
        while machine.poll().is_some() {}
        if machine.has_ended() {
            return;
        }
    }
}

/// Reads bytes as MessagePack, and sends what was read again: as a value, and as a packet
/// through the parser.
///
/// # Panics
/// If a limit does not hold, or a value is another one afterwards.
#[cfg(feature = "msgpack")]
pub fn msgpack(input: &[u8]) {
    use crate::msgpack::{self, Limits};

    let limits = Limits {
        max_json: 1 << 16,
        ..Limits::default()
    };
    let message = Bytes::copy_from_slice(input);
    if let Ok((json, attachments)) = msgpack::decode(message.clone(), limits) {
        assert!(json.len() <= limits.max_json);
        assert!(attachments.len() <= limits.max_attachments);
        let packed = msgpack::encode(&json, &attachments).expect("it was read");
        assert_eq!(msgpack::decode(packed, limits), Ok((json, attachments)));
    }
    let Some(parser) = Parser::msgpack().translation() else {
        return;
    };
    let limits = crate::Limits::default();
    if let Ok((text, attachments)) = parser.read(message, &limits)
        && let Ok(packed) = parser.write(&text, &attachments)
    {
        assert!(parser.read(packed.into(), &limits).is_ok());
    }
}

/// Drives a client's machine with what a server, the network, the clock and the program
/// may do: a line each, of which the first letter says what.
///
/// # Panics
/// If a limit does not hold, or the machine asks for what cannot be.
#[cfg(feature = "client")]
pub fn client(input: &[u8]) {
    use crate::client::DisconnectReason;
    use crate::client::machine::{Loss, Machine, News, Output, Wish};
    use crate::client::{Config, Limits};
    use crate::wire::outgoing::OutgoingEvent;

    let limits = Limits {
        max_attachment_bytes: 1 << 16,
        max_backlog: 1 << 16,
        max_queue: 1 << 12,
        ..Limits::default()
    };
    let config = Arc::new(Config {
        limits,
        ..Config::default()
    });
    let mut machine: Machine<u64> = Machine::new(config, 7);
    let mut now = Instant::now();
    let places = ["/", "/chat"].map(|name| machine.place(name).0);
    let packet = |id| {
        let event = OutgoingEvent::event("tea", &("two cups",));
        event.expect("it can be sent").encode_event("/", id)
    };
    let (mut id, mut questions) = (0, 0_usize);
    for line in input.split(|byte| *byte == b'\n') {
        let Some((&action, rest)) = line.split_first() else {
            continue;
        };
        let place = places[usize::from(rest.first() == Some(&b'/'))];
        match action {
            b't' => {
                if let Ok(text) = std::str::from_utf8(rest) {
                    machine.handle_text(now, text);
                }
            }
            b'b' => machine.handle_binary(now, Bytes::copy_from_slice(rest)),
            b'c' => machine.handle_dialed(),
            b'u' => machine.handle_lost(now, Loss::Unreachable("no".into())),
            b'l' => {
                let reason = DisconnectReason::TransportClose;
                machine.handle_lost(now, Loss::Ended(reason));
            }
            b'f' if machine.wish() == Wish::Finish => machine.handle_finished(now),
            b'w' => {
                if let Some(until) = machine.poll_timeout() {
                    now = now.max(until);
                    machine.handle_timeout(now);
                    let next = machine.poll_timeout();
                    assert!(next.is_none_or(|next| next > now), "it waits for the past");
                }
            }
            b'o' => machine.open(now, place),
            b'd' => machine.leave(now, place),
            b'v' => drop(machine.emit_volatile(place, packet(None))),
            b'e' => drop(machine.emit(place, packet(None), None)),
            b'q' => {
                id += 1;
                questions += usize::from(
                    machine
                        .emit(place, packet(Some(id)), Some((id, id)))
                        .is_ok(),
                );
            }
            b'x' => machine.forget(place, id),
            _ => {}
        }
        while let Some(output) = machine.poll_output() {
            match output {
                Output::Answer { question, .. } => {
                    assert!(question <= id);
                    questions =
                        questions.checked_sub(1).expect("one answer for a question");
                }
                Output::News(place, news) => {
                    if let News::Event(event) = &news {
                        let _ = event.raw().decode::<(Value, Option<Binary>)>();
                        let _: Args = event.raw().decode().expect("any JSON fits");
                        if event.id.is_some() {
                            machine.answer(now, place, event.stay, packet(None));
                        }
                    }
                    machine.work_done(news.cost());
                }
            }
        }
        assert!(machine.may_read(), "nothing is kept");
        let wish = machine.wish();
        while let Some(packet) = machine.poll_transmit() {
            assert_eq!(wish, Wish::Carry, "{packet:?}");
        }
        assert!(machine.queued() <= limits.max_queue);
    }
}

#[cfg(test)]
mod tests {
    fn corpus(target: &str) -> impl Iterator<Item = Vec<u8>> {
        let folder = format!("{}/fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
        let files: Vec<_> = std::fs::read_dir(folder).unwrap().collect();
        assert!(files.len() >= 5);
        files
            .into_iter()
            .map(|file| std::fs::read(file.unwrap().path()).unwrap())
    }

    #[test]
    fn the_corpus_of_packets_passes() {
        corpus("packets").for_each(|input| super::packets(&input));
    }

    #[cfg(feature = "msgpack")]
    #[test]
    fn the_corpus_of_messages_in_msgpack_passes() {
        corpus("msgpack").for_each(|input| super::msgpack(&input));
    }

    #[cfg(feature = "client")]
    #[test]
    fn the_corpus_of_what_a_client_meets_passes() {
        corpus("client").for_each(|input| super::client(&input));
    }
}
