//! The packets and bodies that the reference implementations write, recorded by
//! `chat-app/interop/heritage/record-vectors.mjs`.

use heritage::Piece;
use heritage::v3::{decode_binary, decode_text, encode_binary, encode_text};
use heritage::v09::{Kind, Packet, decode_body, encode_body};
use serde::Deserialize;
use serde::de::DeserializeOwned;

fn vectors<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).expect("the vectors are JSON")
}

#[derive(Deserialize)]
struct Old {
    packets: Vec<OldPacket>,
    bodies: Vec<Body>,
}

#[derive(Deserialize)]
struct OldPacket {
    text: String,
    r#type: String,
    id: Option<String>,
    value: bool,
    endpoint: String,
}

#[derive(Deserialize)]
struct Body {
    packets: Vec<String>,
    body: String,
}

fn old() -> Old {
    vectors(include_str!("../vectors/socket.io-0.9.json"))
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Disconnect => "disconnect",
        Kind::Connect => "connect",
        Kind::Heartbeat => "heartbeat",
        Kind::Message => "message",
        Kind::Json => "json",
        Kind::Event => "event",
        Kind::Ack => "ack",
        Kind::Error => "error",
        Kind::Noop => "noop",
    }
}

#[test]
fn packets_of_0_9_are_read_and_written_as_by_the_reference() {
    let packets = old().packets;
    assert!(packets.len() > 20);
    for expected in packets {
        let packet = Packet::parse(&expected.text).expect(&expected.text);
        let id = packet.id.map(|id| id.to_string());
        assert_eq!(name(packet.kind), expected.r#type, "{}", expected.text);
        assert_eq!(id, expected.id, "{}", expected.text);
        assert_eq!(packet.wants_value, expected.value, "{}", expected.text);
        assert_eq!(packet.endpoint, expected.endpoint, "{}", expected.text);
        assert_eq!(packet.to_string(), expected.text);
    }
}

#[test]
fn bodies_of_0_9_are_framed_as_by_the_reference() {
    for Body { packets, body } in old().bodies {
        assert_eq!(encode_body(packets.iter().map(String::as_str)), body);
        let decoded: Result<Vec<_>, _> = decode_body(&body).collect();
        assert_eq!(decoded.expect(&body), packets);
    }
}

#[derive(Deserialize)]
struct Newer {
    payloads: Vec<Payload>,
}

#[derive(Deserialize)]
struct Payload {
    packets: Vec<Written>,
    text: String,
    binary: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Written {
    Text(String),
    Bytes(Vec<u8>),
}

#[test]
fn payloads_of_protocol_3_are_those_of_the_reference() {
    let Newer { payloads } = vectors(include_str!("../vectors/engine.io-3.json"));
    assert!(payloads.len() >= 10);
    for payload in payloads {
        let packets = payload.packets.into_iter().map(|packet| match packet {
            Written::Text(text) => Piece::text(text),
            Written::Bytes(bytes) => Piece::Binary(bytes.into()),
        });
        let packets: Vec<_> = packets.collect();
        assert_eq!(encode_text(&packets), payload.text);
        assert_eq!(encode_binary(&packets), payload.binary);
        assert_eq!(decode_text(&payload.text), Ok(packets.clone()));
        assert_eq!(decode_binary(payload.binary.into()), Ok(packets));
    }
}
