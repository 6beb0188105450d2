//! A session of Socket.IO 0.9 as a value: it translates between the client and a server
//! of today.
//!
//! Three things need more than other words for the same. The clients of 0.9 do not wait
//! until a namespace is confirmed before they send events to it, and a server of today
//! closes the connection for that: such events are held here until the confirmation. An
//! event with a number and no `+` is acknowledged when it arrives, by the machine itself.
//! And bytes, which JSON cannot express, become lists of numbers, as in Node at the time.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine_io::{EncodedMessage, Message, Packet as Engine};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::packet::{Kind, Packet, digits};
use crate::machine::{End, Machine, Output, Piece};
use crate::memo::Memo;
use crate::modern::{self, Modern};

/// The cost of a held event besides its bytes.
const HELD_COST: usize = 64;

/// The client's place in a namespace.
#[derive(Debug)]
enum Place {
    /// The server has not answered. Packets that the client has sent since then wait.
    Asked(Vec<Piece>),
    /// The server has confirmed. With recovery its events end with an offset.
    Joined { recovery: bool },
}

/// A packet with attachments that have not all come.
#[derive(Debug)]
struct Pending {
    text: String,
    bytes: Vec<Vec<u8>>,
}

/// One session.
///
/// ```
/// use heritage::v09::Session;
/// use heritage::{Machine, Memo, Piece};
/// use engine_io::EncodedMessage;
///
/// let mut session = Session::new(1_000_000);
/// assert_eq!(session.open().to_client, [Piece::text("1::")]);
/// let asks = session.handle_client(&Piece::text("1::/chat"));
/// assert_eq!(asks.to_server, [Piece::text("40/chat,")]);
///
/// // The client does not wait for the answer.
/// let join = Piece::text(r#"5:1+:/chat:{"name":"join","args":["tea"]}"#);
/// assert!(session.handle_client(&join).to_server.is_empty());
/// let memo = Memo::default();
/// let confirmed = EncodedMessage::text(r#"0/chat,{"sid":"x"}"#);
/// let output = session.handle_server(&confirmed, &memo);
/// assert_eq!(output.to_client, [Piece::text("1::/chat")]);
/// assert_eq!(output.to_server, [Piece::text(r#"42/chat,1["join","tea"]"#)]);
///
/// let joined = EncodedMessage::text("3/chat,1[true]");
/// let output = session.handle_server(&joined, &memo);
/// assert_eq!(output.to_client, [Piece::text("6::/chat:1+[true]")]);
/// ```
#[derive(Debug)]
pub struct Session {
    places: BTreeMap<Box<str>, Place>,
    held: usize,
    max_held: usize,
    pending: Option<Pending>,
}

impl Session {
    /// A session that holds at most `max_held` bytes for namespaces that the server has
    /// not confirmed.
    pub fn new(max_held: usize) -> Self {
        Self {
            places: BTreeMap::new(),
            held: 0,
            max_held,
            pending: None,
        }
    }

    /// Sends a packet to a namespace, now or when it is confirmed. A packet for a
    /// namespace that the client has not asked for is dropped.
    fn send(&mut self, namespace: &str, packet: String, output: &mut Output) {
        let piece = Piece::text(format!("4{packet}"));
        match self.places.get_mut(namespace) {
            Some(Place::Joined { .. }) => output.to_server.push(piece),
            Some(Place::Asked(waiting)) => {
                self.held += piece.len() + HELD_COST;
                if self.held > self.max_held {
                    output.end = Some(End::Broken);
                } else {
                    waiting.push(piece);
                }
            }
            None => {}
        }
    }

    fn connect(&mut self, namespace: &str, query: &str, output: &mut Output) {
        match self.places.get(namespace) {
            Some(Place::Joined { .. }) => output.to_client.push(connected(namespace)),
            Some(Place::Asked(_)) => {}
            None => {
                self.held += namespace.len() + HELD_COST;
                if self.held > self.max_held {
                    output.end = Some(End::Broken);
                    return;
                }
                self.places
                    .insert(namespace.into(), Place::Asked(Vec::new()));
                let payload = modern::payload(query);
                let packet = Modern::new(modern::CONNECT, namespace, None, &payload);
                output
                    .to_server
                    .push(Piece::text(format!("4{}", packet.encode())));
            }
        }
    }

    fn disconnect(&mut self, namespace: &str, output: &mut Output) {
        if namespace == "/" {
            output.end = Some(End::Client);
            return;
        }
        let leave = Modern::new(modern::DISCONNECT, namespace, None, "").encode();
        self.send(namespace, leave, output);
        if let Some(Place::Joined { .. }) = self.places.get(namespace) {
            self.places.remove(namespace);
        }
    }

    /// The server has answered a CONNECT. Returns what has waited for it, if the client
    /// is in.
    fn answered(&mut self, namespace: &str, joined: Option<bool>) -> Vec<Piece> {
        let place = match joined {
            Some(recovery) => {
                let place = Place::Joined { recovery };
                self.places.insert(namespace.into(), place)
            }
            None => self.places.remove(namespace),
        };
        let Some(Place::Asked(waiting)) = place else {
            return Vec::new();
        };
        let bytes: usize = waiting.iter().map(|it| it.len() + HELD_COST).sum();
        let held = bytes + namespace.len() + HELD_COST;
        self.held = self.held.saturating_sub(held);
        let leave = Modern::new(modern::DISCONNECT, namespace, None, "").encode();
        if waiting.contains(&Piece::text(format!("4{leave}"))) {
            self.places.remove(namespace);
        }
        if joined.is_some() {
            waiting
        } else {
            Vec::new()
        }
    }

    fn translate(&mut self, packet: &Modern<'_>, text: &str, output: &mut Output) {
        let namespace = packet.namespace;
        match packet.kind {
            modern::CONNECT => {
                let recovery = packet.confirms_recovery();
                output.to_server = self.answered(namespace, Some(recovery));
                // It was told when its transport opened.
                if namespace != "/" {
                    output.to_client.push(connected(namespace));
                }
            }
            modern::CONNECT_ERROR => {
                self.answered(namespace, None);
                // A client of 0.9 is always in `/`, even if the application is not.
                if namespace != "/" {
                    let refused = Packet {
                        endpoint: namespace,
                        data: "2",
                        ..Packet::new(Kind::Error)
                    };
                    output.to_client.push(Piece::text(refused.to_string()));
                }
            }
            modern::DISCONNECT => {
                self.places.remove(namespace);
                let left = Packet {
                    endpoint: endpoint(namespace),
                    ..Packet::new(Kind::Disconnect)
                };
                output.to_client.push(Piece::text(left.to_string()));
            }
            _ if packet.attachments > 0 => {
                self.pending = Some(Pending {
                    text: text.to_owned(),
                    bytes: Vec::new(),
                });
            }
            _ => {}
        }
    }

    fn attachment(&mut self, bytes: &[u8]) -> Option<Piece> {
        let pending = self.pending.as_mut()?;
        pending.bytes.push(bytes.to_vec());
        let packet = Modern::parse(&pending.text)?;
        if pending.bytes.len() < packet.attachments {
            return None;
        }
        let Pending { text, bytes } = self.pending.take()?;
        let packet = Modern::parse(&text)?;
        let mut data = packet.data.to_owned();
        for (index, bytes) in bytes.iter().enumerate() {
            let placeholder = format!("{{\"_placeholder\":true,\"num\":{index}}}");
            data = data.replacen(&placeholder, &serde_json::to_string(bytes).ok()?, 1);
        }
        let packet = Modern {
            data: &data,
            ..packet
        };
        say(&packet, self.has_offset(packet.namespace))
    }

    fn has_offset(&self, namespace: &str) -> bool {
        let place = self.places.get(namespace);
        matches!(place, Some(Place::Joined { recovery: true }))
    }
}

/// 0.9 writes nothing for `/`.
fn endpoint(namespace: &str) -> &str {
    if namespace == "/" { "" } else { namespace }
}

fn connected(namespace: &str) -> Piece {
    let packet = Packet {
        endpoint: endpoint(namespace),
        ..Packet::new(Kind::Connect)
    };
    Piece::text(packet.to_string())
}

/// An event of 0.9, as its data has it.
#[derive(Deserialize)]
struct Event<'a> {
    name: String,
    #[serde(borrow, default)]
    args: Option<&'a RawValue>,
}

// ANCHOR: event
/// `{"name":"join","args":["tea"]}` becomes `["join","tea"]`. The arguments are not
/// decoded: they are the text between the brackets.
fn event_of_today(data: &str) -> Option<String> {
    let Event { name, args } = serde_json::from_str(data).ok()?;
    let name = serde_json::to_string(&name).ok()?;
    let args = match args.map(RawValue::get) {
        None | Some("null") => "",
        Some(args) => args.strip_prefix('[')?.strip_suffix(']')?.trim(),
    };
    let comma = if args.is_empty() { "" } else { "," };
    Some(format!("[{name}{comma}{args}]"))
}
// ANCHOR_END: event

/// `["join","tea"]` becomes `{"name":"join","args":["tea"]}`.
fn event_of_2013(data: &str) -> Option<String> {
    let array: Vec<&RawValue> = serde_json::from_str(data).ok()?;
    let (name, args) = array.split_first()?;
    let args: Vec<_> = args.iter().map(|arg| arg.get()).collect();
    let name = name.get();
    Some(if args.is_empty() {
        format!("{{\"name\":{name}}}")
    } else {
        format!("{{\"name\":{name},\"args\":[{}]}}", args.join(","))
    })
}

/// Translates an event or an acknowledgement of the server.
fn say(packet: &Modern<'_>, has_offset: bool) -> Option<Piece> {
    let endpoint = endpoint(packet.namespace);
    let text = match packet.kind {
        modern::EVENT | modern::BINARY_EVENT => {
            let bare = packet.without_offset().filter(|_| has_offset);
            let data = event_of_2013(bare.as_deref().unwrap_or(packet.data))?;
            let event = Packet {
                kind: Kind::Event,
                id: packet.id,
                wants_value: packet.id.is_some(),
                endpoint,
                data: &data,
            };
            event.to_string()
        }
        modern::ACK | modern::BINARY_ACK => {
            let id = packet.id?;
            let data = match packet.data {
                "[]" => id.to_string(),
                values => format!("{id}+{values}"),
            };
            let ack = Packet {
                endpoint,
                data: &data,
                ..Packet::new(Kind::Ack)
            };
            ack.to_string()
        }
        _ => return None,
    };
    Some(Piece::text(text))
}

/// A name of today from an endpoint, and its query.
fn namespace_of(endpoint: &str) -> (&str, &str) {
    let (name, query) = endpoint.split_once('?').unwrap_or((endpoint, ""));
    (if name.is_empty() { "/" } else { name }, query)
}

fn json(data: &str) -> Option<&RawValue> {
    serde_json::from_str(data).ok()
}

impl Session {
    /// Handles a packet. Returns `None` if its data does not fit its type.
    fn handle(&mut self, packet: &Packet<'_>, output: &mut Output) -> Option<()> {
        let (namespace, query) = namespace_of(packet.endpoint);
        let array = match packet.kind {
            Kind::Connect => {
                // `1::` asks for what every client has.
                if namespace == "/" {
                    output.to_client.push(connected("/"));
                } else {
                    let query = packet.data.strip_prefix('?').unwrap_or(query);
                    self.connect(namespace, query, output);
                }
                return Some(());
            }
            Kind::Disconnect => {
                self.disconnect(namespace, output);
                return Some(());
            }
            Kind::Heartbeat => {
                output.to_server.push(Piece::text("3"));
                return Some(());
            }
            Kind::Ack => {
                let (id, values) =
                    packet.data.split_once('+').unwrap_or((packet.data, "[]"));
                let values = json(values)?.get();
                let ack = Modern::new(modern::ACK, namespace, Some(digits(id)?), values)
                    .encode();
                self.send(namespace, ack, output);
                return Some(());
            }
            // Nothing that a client needs to say, and nothing that harms.
            Kind::Error | Kind::Noop => return Some(()),
            Kind::Message => {
                format!("[\"message\",{}]", serde_json::to_string(packet.data).ok()?)
            }
            Kind::Json => format!("[\"message\",{}]", json(packet.data)?.get()),
            Kind::Event => event_of_today(packet.data)?,
        };
        let id = packet.id.filter(|_| packet.wants_value);
        let event = Modern::new(modern::EVENT, namespace, id, &array).encode();
        self.send(namespace, event, output);
        if let Some(id) = packet.id.filter(|_| !packet.wants_value) {
            let ack = Packet {
                endpoint: packet.endpoint,
                data: &id.to_string(),
                ..Packet::new(Kind::Ack)
            };
            output.to_client.push(Piece::text(ack.to_string()));
        }
        Some(())
    }
}

impl Machine for Session {
    fn open(&mut self) -> Output {
        let mut output = Output {
            to_client: vec![connected("/")],
            ..Output::default()
        };
        self.connect("/", "", &mut output);
        output
    }

    fn handle_client(&mut self, piece: &Piece) -> Output {
        let mut output = Output::default();
        let packet = match piece {
            Piece::Text(text) => Packet::parse(text).ok(),
            Piece::Binary(_) => None,
        };
        let handled = packet.and_then(|packet| self.handle(&packet, &mut output));
        if handled.is_none() {
            output.end = Some(End::Broken);
        }
        output
    }

    fn handle_server(&mut self, message: &EncodedMessage, memo: &Memo) -> Output {
        let mut output = Output::default();
        if message.is_binary() {
            output.to_client.extend(self.attachment(message.payload()));
            return output;
        }
        let text = match std::str::from_utf8(message.payload()).map(Engine::decode) {
            Ok(Ok(Engine::Message(Message::Text(text)))) => text,
            Ok(Ok(Engine::Ping(_))) => {
                output.to_client.push(Piece::Text(Arc::from("2::")));
                return output;
            }
            // The session of a client with `b64=1` makes text of bytes.
            Ok(Ok(Engine::Message(Message::Binary(bytes)))) => {
                output.to_client.extend(self.attachment(&bytes));
                return output;
            }
            _ => return output,
        };
        let Some(packet) = Modern::parse(text) else {
            return output;
        };
        match packet.kind {
            modern::EVENT | modern::ACK => {
                let offset = self.has_offset(packet.namespace);
                let piece = memo.get(message, offset, || say(&packet, offset));
                output.to_client.extend(piece);
            }
            _ => self.translate(&packet, text, &mut output),
        }
        output
    }

    fn last(&self, forced: bool) -> Piece {
        Piece::text(if forced { "0::" } else { "7:::1+0" })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLENTY: usize = 1 << 20;

    fn says(session: &mut Session, text: &str) -> Output {
        session.handle_client(&Piece::text(text))
    }

    fn hears(session: &mut Session, text: &str) -> Output {
        session.handle_server(&EncodedMessage::text(text), &Memo::default())
    }

    fn texts(pieces: &[Piece]) -> Vec<&str> {
        fn text(piece: &Piece) -> &str {
            match piece {
                Piece::Text(text) => text,
                Piece::Binary(_) => "binary",
            }
        }
        pieces.iter().map(text).collect()
    }

    fn joined(confirmation: &str) -> Session {
        let mut session = Session::new(PLENTY);
        session.open();
        says(&mut session, "1::/chat");
        hears(&mut session, confirmation);
        session
    }

    fn in_chat() -> Session {
        joined("0/chat,{\"sid\":\"x\"}")
    }

    #[test]
    fn the_main_namespace_is_joined_without_a_word() {
        let mut session = Session::new(PLENTY);
        let open = session.open();
        assert_eq!(texts(&open.to_client), ["1::"]);
        assert_eq!(texts(&open.to_server), ["40"]);
        assert_eq!(hears(&mut session, "0{\"sid\":\"x\"}"), Output::default());
        let sent = says(&mut session, "3:::hello");
        assert_eq!(texts(&sent.to_server), ["42[\"message\",\"hello\"]"]);
    }

    #[test]
    fn a_refused_main_namespace_is_not_a_refused_client() {
        let mut session = Session::new(PLENTY);
        session.open();
        let refused = hears(&mut session, "4{\"message\":\"Invalid namespace\"}");
        assert_eq!(refused, Output::default());
        assert_eq!(says(&mut session, "3:::hello"), Output::default());
    }

    #[test]
    fn a_refused_namespace_is_an_error_of_its_endpoint() {
        let mut session = Session::new(PLENTY);
        session.open();
        says(&mut session, "1::/admin");
        says(&mut session, "3::/admin:hello?");
        let refused = hears(&mut session, "4/admin,{\"message\":\"who are you?\"}");
        assert_eq!(texts(&refused.to_client), ["7::/admin:2"]);
        assert!(refused.to_server.is_empty());
        assert_eq!(session.held, HELD_COST + 1, "only `/` is still asked for");
    }

    #[test]
    fn events_wait_until_the_namespace_is_confirmed() {
        let mut session = Session::new(PLENTY);
        session.open();
        let asks = says(&mut session, "1::/chat:?token=tea%20time");
        assert_eq!(texts(&asks.to_server), ["40/chat,{\"token\":\"tea time\"}"]);
        assert!(says(&mut session, "1::/chat").to_server.is_empty());
        for event in ["5::/chat:{\"name\":\"a\"}", "4::/chat:{\"b\":[1]}"] {
            assert_eq!(says(&mut session, event), Output::default());
        }
        let confirmed = hears(&mut session, "0/chat,{\"sid\":\"x\"}");
        assert_eq!(texts(&confirmed.to_client), ["1::/chat"]);
        let expected = ["42/chat,[\"a\"]", "42/chat,[\"message\",{\"b\":[1]}]"];
        assert_eq!(texts(&confirmed.to_server), expected);
        let again = says(&mut session, "1::/chat");
        assert_eq!(texts(&again.to_client), ["1::/chat"]);
        assert!(
            again.to_server.is_empty(),
            "today that would end the session"
        );
    }

    #[test]
    fn a_client_that_is_put_out_of_a_namespace_is_not_in_it() {
        let mut session = in_chat();
        let left = hears(&mut session, "1/chat,");
        assert_eq!(texts(&left.to_client), ["0::/chat"]);
        let late = says(&mut session, "3::/chat:hello?");
        assert_eq!(late, Output::default(), "today that would end the session");
        let back = says(&mut session, "1::/chat");
        assert_eq!(texts(&back.to_server), ["40/chat,"]);
    }

    #[test]
    fn what_waits_has_a_limit_in_bytes() {
        let mut session = Session::new(10_000);
        session.open();
        says(&mut session, "1::/chat");
        let event = format!("3::/chat:{}", "x".repeat(1000));
        let mut sent = 0;
        while says(&mut session, &event).end.is_none() {
            sent += 1;
            assert!(sent < 10, "more than the limit is kept");
        }
        assert!(sent > 7, "{sent} of 1,000 bytes each");
        let mut session = Session::new(10_000);
        let mut names = 0;
        while says(&mut session, &format!("1::/{names}")).end.is_none() {
            names += 1;
            assert!(names < 1000, "namespaces without an end");
        }
    }

    #[test]
    fn an_event_with_a_plus_gets_its_handlers_value() {
        let mut session = in_chat();
        let asks = says(
            &mut session,
            "5:1+:/chat:{\"name\":\"nickname\",\"args\":[ \"ann\" , 2 ]}",
        );
        assert_eq!(
            texts(&asks.to_server),
            ["42/chat,1[\"nickname\",\"ann\" , 2]"]
        );
        assert!(asks.to_client.is_empty());
        let answer = hears(&mut session, "3/chat,1[true,\"ann\"]");
        assert_eq!(texts(&answer.to_client), ["6::/chat:1+[true,\"ann\"]"]);
        let empty = hears(&mut session, "3/chat,2[]");
        assert_eq!(texts(&empty.to_client), ["6::/chat:2"]);
    }

    #[test]
    fn a_number_without_a_plus_is_acknowledged_at_once() {
        let mut session = in_chat();
        let output = says(&mut session, "5:7:/chat:{\"name\":\"a\",\"args\":[]}");
        assert_eq!(texts(&output.to_server), ["42/chat,[\"a\"]"]);
        assert_eq!(texts(&output.to_client), ["6::/chat:7"]);
    }

    #[test]
    fn the_server_can_ask_too() {
        let mut session = in_chat();
        let asks = hears(&mut session, "2/chat,5[\"how many?\"]");
        assert_eq!(
            texts(&asks.to_client),
            ["5:5+:/chat:{\"name\":\"how many?\"}"]
        );
        let answer = says(&mut session, "6::/chat:5+[3]");
        assert_eq!(texts(&answer.to_server), ["43/chat,5[3]"]);
        let bare = says(&mut session, "6::/chat:5");
        assert_eq!(texts(&bare.to_server), ["43/chat,5[]"]);
    }

    #[test]
    fn bytes_become_lists_of_numbers() {
        let mut session = in_chat();
        let memo = Memo::default();
        let head = "52-/chat,[\"photo\",{\"_placeholder\":true,\"num\":0},\
                    {\"x\":{\"_placeholder\":true,\"num\":1}}]";
        assert_eq!(hears(&mut session, head), Output::default());
        session.handle_server(&EncodedMessage::binary(&[1, 255]), &memo);
        let output = session.handle_server(&EncodedMessage::binary(&[]), &memo);
        let expected = "5::/chat:{\"name\":\"photo\",\"args\":[[1,255],{\"x\":[]}]}";
        assert_eq!(texts(&output.to_client), [expected]);
    }

    #[test]
    fn the_offset_of_recovery_is_not_an_argument() {
        let mut session = joined("0/chat,{\"sid\":\"x\",\"pid\":\"y\"}");
        let event = hears(&mut session, "2/chat,[\"said\",\"ann\",\"hi\",\"s4lt.9\"]");
        let expected = "5::/chat:{\"name\":\"said\",\"args\":[\"ann\",\"hi\"]}";
        assert_eq!(texts(&event.to_client), [expected]);
        let event = hears(
            &mut in_chat(),
            "2/chat,[\"said\",\"ann\",\"hi\",\"s4lt.9\"]",
        );
        assert!(texts(&event.to_client)[0].contains("s4lt.9"));
    }

    #[test]
    fn heartbeats_are_pings() {
        let mut session = in_chat();
        let ping = session.handle_server(&Engine::Ping("").encode(), &Memo::default());
        assert_eq!(texts(&ping.to_client), ["2::"]);
        assert_eq!(texts(&says(&mut session, "2::").to_server), ["3"]);
    }

    #[test]
    fn leaving_an_endpoint_is_not_leaving_the_connection() {
        let mut session = in_chat();
        let left = says(&mut session, "0::/chat");
        assert_eq!(texts(&left.to_server), ["41/chat,"]);
        assert_eq!(left.end, None);
        assert_eq!(says(&mut session, "3::/chat:hello"), Output::default());
        assert_eq!(says(&mut session, "0::").end, Some(End::Client));
        let out = hears(&mut in_chat(), "1/chat,");
        assert_eq!(texts(&out.to_client), ["0::/chat"]);
    }

    #[test]
    fn a_client_that_leaves_before_it_is_in_can_come_back() {
        let mut session = Session::new(PLENTY);
        session.open();
        says(&mut session, "1::/chat");
        says(&mut session, "0::/chat");
        let confirmed = hears(&mut session, "0/chat,{\"sid\":\"x\"}");
        assert_eq!(texts(&confirmed.to_server), ["41/chat,"]);
        let again = says(&mut session, "1::/chat");
        assert_eq!(texts(&again.to_server), ["40/chat,"]);
    }

    #[test]
    fn broken_packets_end_the_session() {
        for text in [
            "",
            "9::",
            "5::/chat:",
            "5::/chat:{}",
            "5::/chat:{\"name\":5}",
            "5::/chat:{\"name\":\"a\",\"args\":{}}",
            "5::/chat:{\"name\":\"a\",\"args\":[}",
            "4::/chat:{",
            "6::/chat:x+[1]",
            "6::/chat:1+[",
            "1::/a,b",
        ] {
            let output = says(&mut in_chat(), text);
            assert_eq!(output.end, Some(End::Broken), "{text:?}");
            assert!(output.to_server.is_empty(), "{text:?}");
        }
        let binary = Piece::Binary(vec![4, 1].into());
        assert_eq!(in_chat().handle_client(&binary).end, Some(End::Broken));
    }

    proptest! {
        /// Whatever a client sends, the server is sent packets of its own kind.
        #[test]
        fn what_goes_on_is_well_formed(
            texts in proptest::collection::vec(
                "[0-8]:([0-9]{1,3}[+]?)?:(/chat|/x|)(:[{}\\[\\]\"a-z:,0-9+]{0,20})?", 1..20)
        ) {
            let mut session = in_chat();
            for text in &texts {
                let output = says(&mut session, text);
                for piece in output.to_server {
                    let Piece::Text(text) = piece else { panic!("binary") };
                    if &*text != "3" {
                        let packet = Modern::parse(text.strip_prefix('4').unwrap());
                        let packet = packet.unwrap();
                        prop_assert!(packet.data.is_empty() || json(packet.data).is_some());
                    }
                }
                if output.end.is_some() {
                    break;
                }
            }
        }

        #[test]
        fn an_event_survives_there_and_back(
            name in ".*",
            args in proptest::collection::vec(".*", 0..4),
        ) {
            let mut array = vec![serde_json::Value::from(name)];
            array.extend(args.into_iter().map(Into::into));
            let array = serde_json::Value::from(array).to_string();
            let old = event_of_2013(&array).unwrap();
            prop_assert_eq!(event_of_today(&old).unwrap(), array);
        }
    }
}
