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

/// Hands a client's messages, one per line, to a machine that accepts every namespace, and decodes what
/// comes out. A line that starts with `b` is a binary message.
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

#[cfg(test)]
mod tests {
    #[cfg(feature = "msgpack")]
    #[test]
    fn the_corpus_of_messages_in_msgpack_passes() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/msgpack");
        let files: Vec<_> = std::fs::read_dir(folder).unwrap().collect();
        assert!(files.len() >= 5);
        for file in files {
            super::msgpack(&std::fs::read(file.unwrap().path()).unwrap());
        }
    }

    #[test]
    fn the_corpus_of_the_fuzz_target_passes() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/packets");
        let files: Vec<_> = std::fs::read_dir(folder).unwrap().collect();
        assert!(files.len() >= 5);
        for file in files {
            super::packets(&std::fs::read(file.unwrap().path()).unwrap());
        }
    }
}
