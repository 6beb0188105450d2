//! A session survives every history: the bytes say what the client sends, how long it
//! takes, and when it reads. Whatever is said, the limits hold, and the session ends when
//! its client has gone.
#![no_main]

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use engine_io::machine::Machine;
use engine_io::{Config, EncodedMessage, Message, Packet, Transport};
use libfuzzer_sys::fuzz_target;

const BUDGET: usize = 2000;

fuzz_target!(|bytes: &[u8]| {
    let Some((&first, bytes)) = bytes.split_first() else {
        return;
    };
    let config = Config {
        outbound_budget: BUDGET,
        ..Config::default()
    };
    let transport = if first & 1 == 0 {
        Transport::Polling
    } else {
        Transport::WebSocket
    };
    let mut now = Instant::now();
    let mut machine = Machine::new(now, transport, &config, Packet::Open("{}").encode());
    let mut polled = false;
    // A line is a step: a letter says what happens, the rest is what is sent.
    for step in bytes.split(|byte| *byte == b'\n') {
        let Some((&what, rest)) = step.split_first() else {
            continue;
        };
        let was = machine.ended();
        match what {
            b'G' => polled |= machine.begin_poll(now).is_ok(),
            b'g' if polled => polled = machine.poll().is_none(),
            b'P' => drop(machine.begin_post(now)),
            b'p' => machine.end_post(),
            b'U' => drop(machine.begin_probe()),
            b'u' => machine.probe_ended(),
            b'z' => machine.set_paused(now, rest.is_empty()),
            b'w' if machine.transport() == Transport::WebSocket => {
                let mut batch = VecDeque::new();
                machine.take(&mut batch);
                machine.wrote(batch.iter().map(EncodedMessage::size).sum());
            }
            b't' => {
                now += Duration::from_millis(rest.len() as u64 * 997);
                machine.on_deadline(now);
            }
            _ => {
                let Ok(text) = std::str::from_utf8(rest) else {
                    continue;
                };
                let Ok(packet) = Packet::decode(text) else {
                    continue;
                };
                // What was read is written again as the same packet.
                let encoded = packet.encode();
                if let Ok(again) = std::str::from_utf8(encoded.payload())
                    && !encoded.is_binary()
                {
                    assert!(Packet::decode(again).is_ok());
                }
                if what == b'!' {
                    let _ = machine.receive_probe(&packet);
                } else if let Ok(Some(message)) = machine.receive(now, packet) {
                    let echo = match message {
                        Message::Text(text) => EncodedMessage::text(text),
                        Message::Binary(bytes) => EncodedMessage::binary(&bytes),
                    };
                    let _ = machine.send(now, &[echo]);
                }
            }
        }
        assert!(was.is_none() || machine.ended() == was);
        assert!(machine.outstanding() <= BUDGET.max(bytes.len() + 20) + 100);
        assert_eq!(machine.is_closed(), machine.next_deadline().is_none());
    }
    machine.end_post();
    for _ in 0..100 {
        let Some(due) = machine.next_deadline() else {
            return;
        };
        now = now.max(due);
        machine.on_deadline(now);
    }
    panic!("a session whose client has gone never ends");
});
