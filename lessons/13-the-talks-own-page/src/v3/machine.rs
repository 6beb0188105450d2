//! A session of Engine.IO 3 with Socket.IO protocol 4 in it, the language of Socket.IO 1
//! and 2: it translates between the client and a server of today.
//!
//! Most packets are the same. The differences:
//!
//! | | Socket.IO 1 and 2 | today |
//! |---|---|---|
//! | `/` | joined by itself | asked for, as any other |
//! | a payload for CONNECT | the query of the name: `40/chat?token=1,` | JSON: `40/chat,{"token":"1"}` |
//! | the confirmation | `40/chat,` | `40/chat,{"sid":"…"}` |
//! | a refusal | `44/chat,"why"` | `44/chat,{"message":"why"}` |
//! | heartbeat | the client sends `2` | the server sends `2` |
//! | bytes | with the type in front | without |

use std::collections::BTreeMap;

use engine_io::{EncodedMessage, Message, Packet as Engine};
use serde::Serialize;

use crate::machine::{End, Machine, Output, Piece};
use crate::memo::Memo;
use crate::modern::{self, Modern};

/// The first packet of a session.
///
/// ```
/// use heritage::v3::Open;
///
/// let open = Open { sid: "x", upgrades: &["websocket"], ping_interval: 10_000, ping_timeout: 20_000 };
/// assert_eq!(
///     open.packet(),
///     r#"0{"sid":"x","upgrades":["websocket"],"pingInterval":10000,"pingTimeout":20000}"#,
/// );
/// ```
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Open<'a> {
    /// The session's id.
    pub sid: &'a str,
    /// The transports that the session can move to.
    pub upgrades: &'a [&'a str],
    /// How often the client is to ask, in milliseconds.
    pub ping_interval: u64,
    /// How long it waits for the answer, in milliseconds.
    pub ping_timeout: u64,
}

impl Open<'_> {
    /// Returns the packet.
    pub fn packet(&self) -> String {
        // A struct of texts and numbers can always be written.
        format!("0{}", serde_json::to_string(self).unwrap_or_default())
    }
}

/// One session.
///
/// ```
/// use engine_io::EncodedMessage;
/// use heritage::v3::Session;
/// use heritage::{Machine, Memo, Piece};
///
/// let mut session = Session::new(r#"0{"sid":"x"}"#);
/// let open = session.open();
/// assert_eq!(open.to_client, [Piece::text(r#"0{"sid":"x"}"#)]);
/// assert_eq!(open.to_server, [Piece::text("40")], "the client does not ask for `/`");
/// let memo = Memo::default();
/// let joined = session.handle_server(&EncodedMessage::text(r#"0{"sid":"y"}"#), &memo);
/// assert_eq!(joined.to_client, [Piece::text("40")]);
///
/// let asks = session.handle_client(&Piece::text("40/chat?token=1,"));
/// assert_eq!(asks.to_server, [Piece::text(r#"40/chat,{"token":"1"}"#)]);
/// ```
#[derive(Debug)]
pub struct Session {
    open: String,
    /// Namespaces that were joined, and whether their events end with an offset.
    offsets: BTreeMap<Box<str>, bool>,
    /// The server has asked, and the client has not shown since that it is there.
    asked: bool,
}

impl Session {
    /// A session whose first packet is `open`.
    pub fn new(open: impl Into<String>) -> Self {
        Self {
            open: open.into(),
            offsets: BTreeMap::new(),
            asked: false,
        }
    }

    /// A packet of the heartbeat. The two protocols ask in opposite directions. The
    /// client's question is answered here, and stands for its answer to the server's.
    fn ping(&mut self, data: &str, output: &mut Output) {
        output.to_client.push(Piece::text(format!("3{data}")));
        if std::mem::take(&mut self.asked) {
            output.to_server.push(Piece::text("3"));
        }
    }

    fn message(&mut self, text: &str, output: &mut Output) {
        if let Some(name) = text.strip_prefix(modern::DISCONNECT) {
            self.offsets.remove(name.strip_suffix(',').unwrap_or(name));
        }
        let connect = text.strip_prefix(modern::CONNECT);
        let Some(name) = connect else {
            output.to_server.push(Piece::text(format!("4{text}")));
            return;
        };
        let name = name.strip_suffix(',').unwrap_or(name);
        let (name, query) = name.split_once('?').unwrap_or((name, ""));
        if matches!(name, "" | "/") {
            // It is in already.
            return;
        }
        if name.contains(',') {
            output.end = Some(End::Broken);
            return;
        }
        let payload = modern::payload(query);
        let packet = Modern::new(modern::CONNECT, name, None, &payload).encode();
        output.to_server.push(Piece::text(format!("4{packet}")));
    }

    /// The packet in the client's words, if they are others.
    fn translate(&mut self, packet: &Modern<'_>) -> Option<Piece> {
        let name = packet.namespace;
        let data;
        let packet = match packet.kind {
            modern::CONNECT => {
                self.offsets.insert(name.into(), packet.confirms_recovery());
                Modern {
                    data: "",
                    ..*packet
                }
            }
            modern::CONNECT_ERROR => {
                data = modern::refusal(packet.data);
                Modern {
                    data: &data,
                    ..*packet
                }
            }
            modern::DISCONNECT => {
                self.offsets.remove(name);
                return None;
            }
            _ => {
                let known = self.offsets.get(name).copied();
                data = packet
                    .without_offset()
                    .filter(|_| known.unwrap_or_default())?;
                Modern {
                    data: &data,
                    ..*packet
                }
            }
        };
        Some(Piece::text(format!("4{}", packet.encode())))
    }
}

/// Bytes with their type in front, as protocol 3 sends them.
fn with_type(bytes: &[u8]) -> Piece {
    Piece::Binary([&[4], bytes].concat().into())
}

impl Machine for Session {
    fn open(&mut self) -> Output {
        Output {
            to_client: vec![Piece::text(&self.open)],
            to_server: vec![Piece::text("40")],
            end: None,
        }
    }

    fn handle_client(&mut self, packet: &Piece) -> Output {
        let mut output = Output::default();
        match packet {
            Piece::Binary(bytes) => match bytes.split_first() {
                Some((4, _)) => output.to_server.push(Piece::Binary(bytes.slice(1..))),
                _ => output.end = Some(End::Broken),
            },
            Piece::Text(text) => match Engine::decode(text) {
                Ok(Engine::Message(Message::Text(text))) => {
                    self.message(text, &mut output);
                }
                Ok(Engine::Ping(data)) => self.ping(data, &mut output),
                Ok(Engine::Close) => output.end = Some(End::Client),
                Ok(
                    Engine::Pong(_) | Engine::Noop | Engine::Open(_) | Engine::Upgrade,
                ) => {}
                Ok(Engine::Message(Message::Binary(_))) | Err(_) => {
                    output.end = Some(End::Broken);
                }
            },
        }
        output
    }

    fn handle_server(&mut self, message: &EncodedMessage, memo: &Memo) -> Output {
        let mut output = Output::default();
        let payload = message.payload();
        if message.is_binary() {
            let piece = memo.get(message, false, || Some(with_type(payload)));
            output.to_client.extend(piece);
            return output;
        }
        let Ok(text) = std::str::from_utf8(payload) else {
            return output;
        };
        match Engine::decode(text) {
            Ok(Engine::Ping(_)) => self.asked = true,
            // The session of a client with `b64=1` makes text of bytes.
            Ok(Engine::Message(Message::Binary(bytes))) => {
                output.to_client.push(with_type(&bytes));
            }
            Ok(Engine::Message(Message::Text(inner))) => {
                let Some(packet) = Modern::parse(inner) else {
                    return output;
                };
                let same = || Some(Piece::text(text));
                let piece = if packet.is_event() {
                    let offset = self.offsets.get(packet.namespace).copied();
                    let offset = offset.unwrap_or_default();
                    memo.get(message, offset, || self.translate(&packet).or_else(same))
                } else {
                    self.translate(&packet).or_else(same)
                };
                output.to_client.extend(piece);
            }
            _ => {}
        }
        output
    }

    fn last(&self, _forced: bool) -> Piece {
        Piece::text("1")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(session: &mut Session, text: &str) -> Output {
        session.handle_client(&Piece::text(text))
    }

    fn hears(session: &mut Session, text: &str) -> Vec<Piece> {
        let message = EncodedMessage::text(text);
        session.handle_server(&message, &Memo::default()).to_client
    }

    #[test]
    fn the_payload_of_connect_is_the_query() {
        let mut session = Session::new("0{}");
        for packet in ["40/chat?a=1%2C2,", "40/chat?a=1%2C2"] {
            let output = says(&mut session, packet);
            assert_eq!(output.to_server, [Piece::text("40/chat,{\"a\":\"1,2\"}")]);
        }
        let output = says(&mut session, "40/chat,");
        assert_eq!(output.to_server, [Piece::text("40/chat,")]);
        assert_eq!(says(&mut session, "40"), Output::default());
        assert_eq!(says(&mut session, "40/,"), Output::default());
        assert_eq!(says(&mut session, "40/a,{},").end, Some(End::Broken));
    }

    #[test]
    fn answers_are_in_the_clients_words() {
        let mut session = Session::new("0{}");
        let one = |text: &str| vec![Piece::text(text)];
        assert_eq!(
            hears(&mut session, "0/chat,{\"sid\":\"x\"}"),
            one("40/chat,")
        );
        let refusal = "4/chat,{\"message\":\"no \\\"tea\\\"\"}";
        assert_eq!(
            hears(&mut session, refusal),
            one("44/chat,\"no \\\"tea\\\"\"")
        );
        let refusal = "4/chat,{\"message\":\"no\",\"data\":{\"a\":1}}";
        assert_eq!(hears(&mut session, refusal), one("44/chat,{\"a\":1}"));
        for same in ["2/chat,3[\"a\",1]", "3/chat,1[true]", "1/chat,", "2[\"a\"]"] {
            assert_eq!(hears(&mut session, same), one(&format!("4{same}")));
        }
    }

    #[test]
    fn the_offset_of_recovery_is_not_an_argument() {
        let mut session = Session::new("0{}");
        hears(&mut session, "0/chat,{\"sid\":\"x\",\"pid\":\"y\"}");
        let event = hears(&mut session, "2/chat,[\"said\",\"hi\",\"s4lt.9\"]");
        assert_eq!(event, [Piece::text("42/chat,[\"said\",\"hi\"]")]);
        let placeholder = "{\"_placeholder\":true,\"num\":0}";
        let event = format!("51-/chat,[\"said\",{placeholder},\"s4lt.9\"]");
        let expected = format!("451-/chat,[\"said\",{placeholder}]");
        assert_eq!(hears(&mut session, &event), [Piece::text(expected)]);
        let answer = "3/chat,1[\"said\",\"s4lt.9\"]";
        assert_eq!(
            hears(&mut session, answer),
            [Piece::text(format!("4{answer}"))]
        );
    }

    #[test]
    fn sessions_with_and_without_recovery_share_a_memo() {
        let memo = Memo::default();
        let event = EncodedMessage::text("2/chat,[\"said\",\"s4lt.9\"]");
        for (pid, expected) in [
            (",\"pid\":\"y\"", "42/chat,[\"said\"]"),
            ("", "42/chat,[\"said\",\"s4lt.9\"]"),
        ] {
            let mut session = Session::new("0{}");
            hears(&mut session, &format!("0/chat,{{\"sid\":\"x\"{pid}}}"));
            let heard = session.handle_server(&event, &memo).to_client;
            assert_eq!(heard, [Piece::text(expected)]);
        }
    }

    #[test]
    fn a_namespace_that_was_left_is_forgotten() {
        let mut session = Session::new("0{}");
        for round in 0..100 {
            hears(
                &mut session,
                &format!("0/{round},{{\"sid\":\"x\",\"pid\":\"y\"}}"),
            );
            if round % 2 == 0 {
                says(&mut session, &format!("41/{round},"));
            } else {
                hears(&mut session, &format!("1/{round},"));
            }
        }
        assert!(session.offsets.is_empty(), "{:?}", session.offsets);
    }

    #[test]
    fn the_clients_question_answers_the_servers() {
        let mut session = Session::new("0{}");
        let early = says(&mut session, "2");
        assert_eq!(early.to_client, [Piece::text("3")]);
        assert!(early.to_server.is_empty(), "nobody has asked");
        let data = says(&mut session, "2tea");
        assert_eq!(data.to_client, [Piece::text("3tea")]);
        let ping = Engine::Ping("").encode();
        let output = session.handle_server(&ping, &Memo::default());
        assert_eq!(output, Output::default());
        assert_eq!(says(&mut session, "2").to_server, [Piece::text("3")]);
        assert!(says(&mut session, "2").to_server.is_empty());
    }

    #[test]
    fn bytes_have_their_type_in_front() {
        let mut session = Session::new("0{}");
        let output = session.handle_client(&Piece::Binary(vec![4, 1, 2].into()));
        assert_eq!(output.to_server, [Piece::Binary(vec![1, 2].into())]);
        let message = EncodedMessage::binary(&[1, 2]);
        let output = session.handle_server(&message, &Memo::default());
        assert_eq!(output.to_client, [Piece::Binary(vec![4, 1, 2].into())]);
        for bytes in [&[][..], &[2], &[255, 4]] {
            let output = session.handle_client(&Piece::Binary(bytes.to_vec().into()));
            assert_eq!(output.end, Some(End::Broken), "{bytes:?}");
        }
    }

    #[test]
    fn broken_packets_end_the_session() {
        for text in ["", "7", "x", "bAQID"] {
            let output = says(&mut Session::new("0{}"), text);
            assert_eq!(output.end, Some(End::Broken), "{text:?}");
        }
        assert_eq!(says(&mut Session::new("0{}"), "1").end, Some(End::Client));
    }
}
