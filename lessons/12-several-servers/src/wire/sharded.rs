//! The format of Node's sharded Redis adapter (`createShardedAdapter`), for the sharded
//! publish and subscribe of Redis 7 (see `RedisConfig::sharded`).
//!
//! All messages have one shape, `{type, data, uid, nsp}`, and are JSON unless they hold
//! bytes. `P` is [`Sharded::prefix`], by default `socket.io`; `N` is the namespace.
//!
//! | channel | what is published there |
//! |---|---|
//! | `P#N#` | everything else |
//! | `P#N#ROOM#` | broadcasts to one room, if the servers subscribe by room |
//! | `P#N#NODE#` | answers to one server |

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::json::{self, MessageLimits, names, or_default, to_json, to_msgpack};
use super::{
    Answer, Change, Format, Message, NodeId, Place, Publication, Question, Received,
    Target, Values, WireError,
};
use crate::bus::Topic;

/// The format, and its settings.
///
/// ```
/// use cluster::wire::sharded::Sharded;
/// use cluster::wire::{Format, Message, Place, Target, Values};
///
/// let at = Place { namespace: "/chat".into(), node: "ann".into() };
/// let message = Message::Broadcast(Values::json(r#"["news",42]"#), Target::default());
/// let publication = Sharded::default().encode(&at, None, &message)?;
/// assert_eq!(publication.channel, "socket.io#/chat#");
/// # Ok::<(), cluster::wire::WireError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sharded {
    /// The beginning of all channels' names. Default `socket.io`.
    pub prefix: String,
    /// Subscribe by room, so that a server is spared the broadcasts to rooms without
    /// members there. The price, in Node too: after the first join to a room on a server,
    /// broadcasts to it from other servers are lost until the subscription is in place. On
    /// by default, as in Node; it must be the same on all servers (`subscriptionMode` is
    /// `"dynamic"` or `"static"` there).
    pub dynamic: bool,
    /// The limits of messages from other servers.
    pub limits: MessageLimits,
}

impl Default for Sharded {
    fn default() -> Self {
        Self {
            prefix: "socket.io".into(),
            dynamic: true,
            limits: MessageLimits::default(),
        }
    }
}

/// The numbers by which messages say what they are.
mod kind {
    pub(super) const BROADCAST: u64 = 3;
    pub(super) const JOIN: u64 = 4;
    pub(super) const LEAVE: u64 = 5;
    pub(super) const DISCONNECT: u64 = 6;
    pub(super) const SOCKETS: u64 = 7;
    pub(super) const SOCKETS_ANSWER: u64 = 8;
    pub(super) const SERVER_EVENT: u64 = 9;
    pub(super) const SERVER_EVENT_ANSWER: u64 = 10;
    pub(super) const CLIENT_COUNT: u64 = 11;
    pub(super) const CLIENT: u64 = 12;
    pub(super) const LEFT: u64 = 13;
}

/// The type of an event's packet, also if it holds bytes.
const EVENT: u64 = 2;

impl Sharded {
    fn channel(&self, namespace: &str) -> String {
        format!("{}#{namespace}#", self.prefix)
    }
}

impl Format for Sharded {
    fn asks_rooms(&self) -> bool {
        false
    }

    fn topics(&self, at: &Place) -> Vec<Topic> {
        let all = self.channel(&at.namespace);
        let own = format!("{all}{}#", at.node);
        vec![Topic::Channel(all), Topic::Channel(own)]
    }

    fn room_topic(&self, at: &Place, room: &str) -> Option<Topic> {
        let channel = format!("{}{room}#", self.channel(&at.namespace));
        (self.dynamic && !looks_like_an_id(room)).then_some(Topic::Channel(channel))
    }

    fn counted(&self, namespace: &str) -> String {
        self.channel(namespace)
    }

    fn encode(
        &self,
        at: &Place,
        to: Option<&NodeId>,
        message: &Message,
    ) -> Result<Publication, WireError> {
        let mut channel = self.channel(&at.namespace);
        if let Message::Answer(..) = message {
            let to = to.ok_or(WireError::Unsupported(
                "an answer without the name of the server that asked",
            ))?;
            channel.push_str(to);
            channel.push('#');
        }
        // Questions go to everyone: the subscribers of the common channel are counted.
        if let Message::Broadcast(_, to) = message
            && let [room] = &to.rooms[..]
            && let Some(Topic::Channel(of_room)) = self.room_topic(at, room)
        {
            channel = of_room;
        }
        let (kind, data, attachments) = data(message)?;
        let message = Envelope {
            kind,
            data,
            uid: &at.node,
            nsp: &at.namespace,
        };
        let payload = if attachments.is_empty() {
            to_json(&message)?
        } else {
            to_msgpack(&message, attachments)?
        };
        Ok(Publication { channel, payload })
    }

    fn decode(
        &self,
        at: &Place,
        _channel: &str,
        payload: &Bytes,
        _has_room: &dyn Fn(&str) -> bool,
    ) -> Result<Option<Received>, WireError> {
        let (json, attachments) = json::read(payload, self.limits)?;
        let envelope: EnvelopeIn = serde_json::from_str(&json)?;
        if envelope.uid == at.node || envelope.nsp != at.namespace {
            return Ok(None);
        }
        let from = Some(envelope.uid);
        let message = read(envelope.kind, envelope.data, attachments)?;
        Ok(message.map(|message| Received { from, message }))
    }
}

/// Whether Node takes the name of a room for a socket's id.
fn looks_like_an_id(room: &str) -> bool {
    room.encode_utf16().count() == 20
}

/// The type of a message, its fields, and the bytes in them.
pub(super) fn data(
    message: &Message,
) -> Result<(u64, Option<Data<'_>>, &[Bytes]), WireError> {
    let mut data = Data::default();
    let mut bytes: &[Bytes] = &[];
    let kind = match message {
        Message::Broadcast(event, to) => {
            data.packet = Some(Packet::new(event)?);
            data.last_opts = Some(to);
            bytes = &event.attachments;
            kind::BROADCAST
        }
        Message::Change(of, change) => {
            data.opts = Some(of);
            match change {
                Change::Join(rooms) => {
                    data.rooms = Some(rooms);
                    kind::JOIN
                }
                Change::Leave(rooms) => {
                    data.rooms = Some(rooms);
                    kind::LEAVE
                }
                Change::Disconnect { close } => {
                    data.close = Some(*close);
                    kind::DISCONNECT
                }
            }
        }
        Message::ServerEvent(event) => {
            data.last_packet = Some(event.raw()?);
            bytes = &event.attachments;
            kind::SERVER_EVENT
        }
        Message::Ask(id, question) => match question {
            Question::Sockets(of) => {
                data.opts = Some(of);
                data.id = Some(id);
                kind::SOCKETS
            }
            Question::ServerEvent(event) => {
                data.id = Some(id);
                data.last_packet = Some(event.raw()?);
                bytes = &event.attachments;
                kind::SERVER_EVENT
            }
            Question::Clients(event, to) => {
                data.packet = Some(Packet::new(event)?);
                data.id = Some(id);
                data.last_opts = Some(to);
                bytes = &event.attachments;
                kind::BROADCAST
            }
            Question::Rooms => {
                return Err(WireError::Unsupported("a question for rooms"));
            }
            Question::SocketIds(_) => {
                return Err(WireError::Unsupported("a question for ids"));
            }
        },
        Message::Answer(id, answer) => {
            data.id = Some(id);
            match answer {
                Answer::Sockets(sockets) => {
                    data.sockets = Some(serde_json::value::to_raw_value(sockets)?);
                    kind::SOCKETS_ANSWER
                }
                Answer::Value(value) => {
                    data.last_packet = Some(value.raw()?);
                    bytes = &value.attachments;
                    kind::SERVER_EVENT_ANSWER
                }
                Answer::Clients(count) => {
                    data.client_count = Some(*count);
                    kind::CLIENT_COUNT
                }
                Answer::Client(value) => {
                    data.last_packet = Some(value.raw()?);
                    bytes = &value.attachments;
                    kind::CLIENT
                }
                Answer::Rooms(_) | Answer::SocketIds(_) => {
                    return Err(WireError::Unsupported("a list of names"));
                }
            }
        }
        Message::Left => return Ok((kind::LEFT, None, bytes)),
    };
    Ok((kind, Some(data), bytes))
}

pub(super) fn read(
    kind: u64,
    data: Option<&RawValue>,
    attachments: Vec<Bytes>,
) -> Result<Option<Message>, WireError> {
    if kind == kind::LEFT {
        return Ok(Some(Message::Left));
    }
    // The heartbeats of other adapters, and what a newer version may have added.
    if !(kind::BROADCAST..=kind::CLIENT).contains(&kind) {
        return Ok(None);
    }
    let data = data.ok_or(WireError::Malformed("no data"))?;
    let data: DataIn = serde_json::from_str(data.get())?;
    let DataIn {
        id, packet, opts, ..
    } = data;
    let opts = || opts.ok_or(WireError::Malformed("no options"));
    let event = |packet: Option<&RawValue>, attachments| {
        let packet = packet.ok_or(WireError::Malformed("no packet"))?;
        let packet: PacketIn = serde_json::from_str(packet.get())?;
        if packet.kind != EVENT {
            return Err(WireError::Malformed("a packet that is not an event"));
        }
        Values::event(packet.data, attachments)
    };
    let asked = |id: Option<String>| id.ok_or(WireError::Malformed("no request id"));
    Ok(Some(match kind {
        kind::BROADCAST => {
            let event = event(packet, attachments)?;
            match id {
                Some(id) => Message::Ask(id, Question::Clients(event, opts()?)),
                None => Message::Broadcast(event, opts()?),
            }
        }
        kind::JOIN => Message::Change(opts()?, Change::Join(data.rooms)),
        kind::LEAVE => Message::Change(opts()?, Change::Leave(data.rooms)),
        kind::DISCONNECT => {
            let close = data.close;
            Message::Change(opts()?, Change::Disconnect { close })
        }
        kind::SOCKETS => Message::Ask(asked(id)?, Question::Sockets(opts()?)),
        kind::SOCKETS_ANSWER => {
            let sockets = data.sockets.ok_or(WireError::Malformed("no sockets"))?;
            Message::Answer(asked(id)?, Answer::Sockets(json::sockets(sockets)?))
        }
        kind::SERVER_EVENT => {
            let event = Values::event(packet, attachments)?;
            match id {
                Some(id) => Message::Ask(id, Question::ServerEvent(event)),
                None => Message::ServerEvent(event),
            }
        }
        kind::SERVER_EVENT_ANSWER => {
            let value = Values::taken(packet, attachments)?;
            Message::Answer(asked(id)?, Answer::Value(value))
        }
        kind::CLIENT_COUNT => {
            let count = data.client_count.ok_or(WireError::Malformed("no count"))?;
            Message::Answer(asked(id)?, Answer::Clients(count))
        }
        // The only one that is left.
        _ => {
            let value = Values::taken(packet, attachments)?;
            Message::Answer(asked(id)?, Answer::Client(value))
        }
    }))
}

// The structs that follow are the messages, with their fields in Node's order.

#[derive(Serialize)]
pub(super) struct Envelope<'a> {
    #[serde(rename = "type")]
    pub(super) kind: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) data: Option<Data<'a>>,
    pub(super) uid: &'a str,
    pub(super) nsp: &'a str,
}

#[derive(Deserialize)]
pub(super) struct EnvelopeIn<'a> {
    #[serde(rename = "type")]
    pub(super) kind: u64,
    #[serde(borrow)]
    pub(super) data: Option<&'a RawValue>,
    pub(super) uid: String,
    pub(super) nsp: String,
}

/// The options come after the packet of an event, and before everything else.
#[derive(Default, Serialize)]
pub(super) struct Data<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    opts: Option<&'a Target>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packet: Option<Packet<'a>>,
    #[serde(rename = "requestId", skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(rename = "opts", skip_serializing_if = "Option::is_none")]
    last_opts: Option<&'a Target>,
    #[serde(rename = "packet", skip_serializing_if = "Option::is_none")]
    last_packet: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rooms: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    close: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sockets: Option<Box<RawValue>>,
    #[serde(rename = "clientCount", skip_serializing_if = "Option::is_none")]
    client_count: Option<usize>,
}

#[derive(Serialize)]
struct Packet<'a> {
    #[serde(rename = "type")]
    kind: u64,
    data: &'a RawValue,
}

impl<'a> Packet<'a> {
    fn new(event: &'a Values) -> Result<Self, WireError> {
        let data = event.raw()?;
        Ok(Self { kind: EVENT, data })
    }
}

#[derive(Deserialize)]
struct PacketIn<'a> {
    #[serde(rename = "type")]
    kind: u64,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct DataIn<'a> {
    #[serde(rename = "requestId")]
    id: Option<String>,
    #[serde(borrow)]
    packet: Option<&'a RawValue>,
    opts: Option<Target>,
    #[serde(default, deserialize_with = "names")]
    rooms: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    close: bool,
    #[serde(borrow)]
    sockets: Option<&'a RawValue>,
    #[serde(rename = "clientCount")]
    client_count: Option<usize>,
}
