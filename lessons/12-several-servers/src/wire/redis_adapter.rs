//! The format of Node's `@socket.io/redis-adapter` 8 (`createAdapter`), so that servers
//! in Rust and in JavaScript can share their rooms, and of `@socket.io/redis-emitter`.
//!
//! `K` is [`RedisAdapter::key`], by default `socket.io`; `N` is the namespace.
//!
//! | channel | what is published there |
//! |---|---|
//! | `K#N#` | broadcasts |
//! | `K#N#ROOM#` | broadcasts to one room |
//! | `K-request#N#` | changes, server events and questions |
//! | `K-response#N#` | answers |
//! | `K-response#N#NODE#` | answers to one server |
//!
//! Broadcasts, and whatever may hold bytes, are `MessagePack`; the rest is JSON.

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
/// use cluster::wire::redis_adapter::RedisAdapter;
/// use cluster::wire::{Format, Message, Place, Target, Values};
///
/// let format = RedisAdapter::default();
/// let at = Place { namespace: "/chat".into(), node: "kX3_ah".into() };
/// let tea = Target { rooms: vec!["tea".into()], ..Target::default() };
/// let message = Message::Broadcast(Values::json(r#"["news",42]"#), tea);
///
/// let publication = format.encode(&at, None, &message)?;
/// assert_eq!(publication.channel, "socket.io#/chat#tea#");
/// assert!(publication.payload.starts_with(b"\x93\xa6kX3_ah\x83\xa4type\x02"));
/// # Ok::<(), cluster::wire::WireError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RedisAdapter {
    /// The beginning of all channels' names. Default `socket.io`.
    pub key: String,
    /// Answer on the asking server's own channel, so that the others are spared the
    /// answers. Off by default, as in Node, because servers of old versions do not listen
    /// there.
    pub specific_responses: bool,
    /// The limits of messages from other servers.
    pub limits: MessageLimits,
}

impl Default for RedisAdapter {
    fn default() -> Self {
        Self {
            key: "socket.io".into(),
            specific_responses: false,
            limits: MessageLimits::default(),
        }
    }
}

/// The numbers by which requests and responses say what they are.
mod kind {
    pub(super) const SOCKET_IDS: u64 = 0;
    pub(super) const ROOMS: u64 = 1;
    pub(super) const JOIN: u64 = 2;
    pub(super) const LEAVE: u64 = 3;
    pub(super) const DISCONNECT: u64 = 4;
    pub(super) const SOCKETS: u64 = 5;
    pub(super) const SERVER_EVENT: u64 = 6;
    pub(super) const CLIENTS: u64 = 7;
    pub(super) const CLIENT_COUNT: u64 = 8;
    pub(super) const CLIENT: u64 = 9;
}

/// The type of an event's packet, also if it holds bytes.
const EVENT: u64 = 2;

impl RedisAdapter {
    fn broadcasts(&self, namespace: &str) -> String {
        format!("{}#{namespace}#", self.key)
    }

    fn requests(&self, namespace: &str) -> String {
        format!("{}-request#{namespace}#", self.key)
    }

    fn responses(&self, namespace: &str) -> String {
        format!("{}-response#{namespace}#", self.key)
    }

    fn broadcast(
        &self,
        at: &Place,
        event: &Values,
        to: &Target,
    ) -> Result<Publication, WireError> {
        let mut channel = self.broadcasts(&at.namespace);
        if let [room] = &to.rooms[..] {
            channel.push_str(room);
            channel.push('#');
        }
        let message = (&at.node, Packet::new(event, &at.namespace)?, to);
        let payload = to_msgpack(&message, &event.attachments)?;
        Ok(Publication { channel, payload })
    }

    fn read_broadcast(
        &self,
        at: &Place,
        payload: &Bytes,
    ) -> Result<Option<Received>, WireError> {
        let (json, attachments) = json::read_msgpack(payload, self.limits)?;
        let (from, packet, to): (String, PacketIn, Option<Target>) =
            serde_json::from_str(&json)?;
        if from == at.node || packet.namespace() != at.namespace {
            return Ok(None);
        }
        let event = packet.event(attachments)?;
        Ok(Some(Received {
            from: Some(from),
            message: Message::Broadcast(event, to.unwrap_or_default()),
        }))
    }

    fn read_request(
        &self,
        at: &Place,
        payload: &Bytes,
    ) -> Result<Option<Received>, WireError> {
        let (json, attachments) = json::read(payload, self.limits)?;
        let request: RequestIn = serde_json::from_str(&json)?;
        // Node acts on its own changes when it hears them. We have done so before: a
        // change must not be lost here because the bus is away.
        if request.uid.as_ref() == Some(&at.node) {
            return Ok(None);
        }
        let id = |id: Option<String>| {
            id.ok_or(WireError::Malformed("a question without an id"))
        };
        let change = match request.kind {
            kind::JOIN => Some(Change::Join(request.rooms.clone())),
            kind::LEAVE => Some(Change::Leave(request.rooms.clone())),
            kind::DISCONNECT => Some(Change::Disconnect {
                close: request.close,
            }),
            _ => None,
        };
        let message = match (change, request.opts) {
            (Some(change), Some(of)) => Message::Change(of, change),
            // Versions before 7 named one socket, and waited for an answer.
            (Some(_), None) => return Ok(None),
            (None, opts) => {
                let of = opts.unwrap_or_default();
                match request.kind {
                    kind::SERVER_EVENT => {
                        let event = Values::event(request.data, attachments)?;
                        match request.id {
                            Some(id) => Message::Ask(id, Question::ServerEvent(event)),
                            None => Message::ServerEvent(event),
                        }
                    }
                    kind::CLIENTS => {
                        let packet = request.packet;
                        let packet = packet.ok_or(WireError::Malformed("no packet"))?;
                        if packet.namespace() != at.namespace {
                            return Ok(None);
                        }
                        let question = Question::Clients(packet.event(attachments)?, of);
                        Message::Ask(id(request.id)?, question)
                    }
                    kind::SOCKETS => Message::Ask(id(request.id)?, Question::Sockets(of)),
                    kind::SOCKET_IDS => {
                        Message::Ask(id(request.id)?, Question::SocketIds(request.rooms))
                    }
                    kind::ROOMS => Message::Ask(id(request.id)?, Question::Rooms),
                    _ => return Ok(None),
                }
            }
        };
        let from = request.uid;
        Ok(Some(Received { from, message }))
    }

    fn read_response(&self, payload: &Bytes) -> Result<Option<Received>, WireError> {
        let (json, attachments) = json::read(payload, self.limits)?;
        let response: ResponseIn = serde_json::from_str(&json)?;
        let answer = match response.kind {
            Some(kind::SERVER_EVENT) => {
                Answer::Value(Values::taken(response.data, attachments)?)
            }
            Some(kind::CLIENT_COUNT) => {
                let count = response.client_count;
                Answer::Clients(count.ok_or(WireError::Malformed("no count"))?)
            }
            Some(kind::CLIENT) => {
                Answer::Client(Values::taken(response.packet, attachments)?)
            }
            Some(_) => return Ok(None),
            None => match (response.sockets, response.rooms) {
                (Some(sockets), _) => read_sockets(sockets)?,
                (None, Some(Names(rooms))) => Answer::Rooms(rooms),
                (None, None) => return Ok(None),
            },
        };
        Ok(Some(Received {
            from: None,
            message: Message::Answer(response.id, answer),
        }))
    }
}

impl Format for RedisAdapter {
    fn asks_rooms(&self) -> bool {
        true
    }

    fn topics(&self, at: &Place) -> Vec<Topic> {
        let responses = self.responses(&at.namespace);
        vec![
            Topic::Prefix(self.broadcasts(&at.namespace)),
            Topic::Channel(self.requests(&at.namespace)),
            Topic::Channel(format!("{responses}{}#", at.node)),
            Topic::Channel(responses),
        ]
    }

    fn counted(&self, namespace: &str) -> String {
        self.requests(namespace)
    }

    fn encode(
        &self,
        at: &Place,
        to: Option<&NodeId>,
        message: &Message,
    ) -> Result<Publication, WireError> {
        match message {
            Message::Broadcast(event, to) => self.broadcast(at, event, to),
            Message::Answer(id, answer) => {
                let mut channel = self.responses(&at.namespace);
                // Node answers a server event on the common channel, always.
                if let (true, Some(to)) = (self.specific_responses, to)
                    && !matches!(answer, Answer::Value(_))
                {
                    channel.push_str(to);
                    channel.push('#');
                }
                let payload = response(id, answer)?;
                Ok(Publication { channel, payload })
            }
            _ => Ok(Publication {
                channel: self.requests(&at.namespace),
                payload: request(at, message)?,
            }),
        }
    }

    fn decode(
        &self,
        at: &Place,
        channel: &str,
        payload: &Bytes,
        has_room: &dyn Fn(&str) -> bool,
    ) -> Result<Option<Received>, WireError> {
        if let Some(room) = channel.strip_prefix(&self.broadcasts(&at.namespace)) {
            // Without the `#` at its end. Most broadcasts to a room end here, unread.
            let room = room.strip_suffix('#').unwrap_or(room);
            if !room.is_empty() && !has_room(room) {
                return Ok(None);
            }
            self.read_broadcast(at, payload)
        } else if channel == self.requests(&at.namespace) {
            self.read_request(at, payload)
        } else if channel.starts_with(&self.responses(&at.namespace)) {
            self.read_response(payload)
        } else {
            Ok(None)
        }
    }
}

fn request(at: &Place, message: &Message) -> Result<Bytes, WireError> {
    let mut request = Request {
        uid: Some(&at.node),
        ..Request::default()
    };
    let opts = |of: &Target| {
        let of = of.clone();
        Some(Opts {
            rooms: of.rooms,
            except: of.except,
            flags: None,
        })
    };
    match message {
        Message::Broadcast(..) | Message::Answer(..) => {
            return Err(WireError::Unsupported("this as a request"));
        }
        Message::Left => return Err(WireError::Unsupported("a goodbye")),
        Message::Change(of, change) => {
            request.opts = opts(of);
            match change {
                Change::Join(rooms) => {
                    request.kind = kind::JOIN;
                    request.rooms = Some(rooms.clone());
                }
                Change::Leave(rooms) => {
                    request.kind = kind::LEAVE;
                    request.rooms = Some(rooms.clone());
                }
                Change::Disconnect { close } => {
                    request.kind = kind::DISCONNECT;
                    request.close = Some(*close);
                }
            }
        }
        Message::ServerEvent(event) => {
            request.kind = kind::SERVER_EVENT;
            request.data = Some(without_bytes(event)?);
        }
        Message::Ask(id, question) => {
            request.id = Some(id);
            match question {
                Question::Sockets(of) => {
                    request.kind = kind::SOCKETS;
                    request.opts = opts(of);
                }
                Question::SocketIds(rooms) => {
                    request.kind = kind::SOCKET_IDS;
                    request.rooms = Some(rooms.clone());
                }
                Question::Rooms => request.kind = kind::ROOMS,
                Question::ServerEvent(event) => {
                    request.kind = kind::SERVER_EVENT;
                    request.data = Some(without_bytes(event)?);
                }
                Question::Clients(event, to) => {
                    request.kind = kind::CLIENTS;
                    request.packet = Some(Packet::new(event, &at.namespace)?);
                    request.opts = Some(Opts {
                        rooms: to.rooms.clone(),
                        except: to.except.clone(),
                        flags: Some(to.flags.clone()),
                    });
                    return to_msgpack(&request, &event.attachments);
                }
            }
        }
    }
    to_json(&request)
}

fn response(id: &str, answer: &Answer) -> Result<Bytes, WireError> {
    let mut response = Response {
        id,
        ..Response::default()
    };
    match answer {
        Answer::Sockets(sockets) => {
            response.sockets = Some(to_raw(sockets)?);
        }
        Answer::SocketIds(ids) => response.sockets = Some(to_raw(ids)?),
        Answer::Rooms(rooms) => response.rooms = Some(rooms),
        Answer::Value(value) => {
            response.kind = Some(kind::SERVER_EVENT);
            response.data = Some(without_bytes(value)?);
        }
        Answer::Clients(count) => {
            response.kind = Some(kind::CLIENT_COUNT);
            response.client_count = Some(*count);
        }
        Answer::Client(value) => {
            response.kind = Some(kind::CLIENT);
            response.packet = Some(value.raw()?);
            return to_msgpack(&response, &value.attachments);
        }
    }
    to_json(&response)
}

fn without_bytes(values: &Values) -> Result<&RawValue, WireError> {
    if values.attachments.is_empty() {
        values.raw()
    } else {
        // Node writes the numbers of the bytes, which arrive as an object.
        Err(WireError::Unsupported("bytes in a server event"))
    }
}

fn to_raw(value: &impl Serialize) -> Result<Box<RawValue>, WireError> {
    Ok(serde_json::value::to_raw_value(value)?)
}

fn read_sockets(sockets: &RawValue) -> Result<Answer, WireError> {
    let first = sockets.get().trim_start_matches('[').trim_start();
    Ok(if first.starts_with('"') {
        Answer::SocketIds(serde_json::from_str(sockets.get())?)
    } else {
        Answer::Sockets(json::sockets(sockets)?)
    })
}

// The structs that follow are the messages, with their fields in Node's order.

#[derive(Serialize)]
struct Packet<'a> {
    #[serde(rename = "type")]
    kind: u64,
    data: &'a RawValue,
    nsp: &'a str,
}

impl<'a> Packet<'a> {
    fn new(event: &'a Values, nsp: &'a str) -> Result<Self, WireError> {
        Ok(Self {
            kind: EVENT,
            data: event.raw()?,
            nsp,
        })
    }
}

#[derive(Deserialize)]
struct PacketIn<'a> {
    #[serde(rename = "type")]
    kind: u64,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    nsp: Option<String>,
}

impl PacketIn<'_> {
    fn namespace(&self) -> &str {
        self.nsp.as_deref().unwrap_or("/")
    }

    fn event(&self, attachments: Vec<Bytes>) -> Result<Values, WireError> {
        if self.kind != EVENT {
            return Err(WireError::Malformed("a packet that is not an event"));
        }
        Values::event(self.data, attachments)
    }
}

#[derive(Default, Serialize)]
struct Request<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<&'a str>,
    #[serde(rename = "requestId", skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(rename = "type")]
    kind: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    packet: Option<Packet<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    opts: Option<Opts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rooms: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    close: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
}

/// A [`Target`] of which requests without an event leave the flags out.
#[derive(Serialize)]
struct Opts {
    rooms: Vec<String>,
    except: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<super::Flags>,
}

#[derive(Deserialize)]
struct RequestIn<'a> {
    uid: Option<String>,
    #[serde(rename = "requestId")]
    id: Option<String>,
    #[serde(rename = "type")]
    kind: u64,
    #[serde(borrow)]
    packet: Option<PacketIn<'a>>,
    opts: Option<Target>,
    #[serde(default, deserialize_with = "names")]
    rooms: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    close: bool,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Default, Serialize)]
struct Response<'a> {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<u64>,
    #[serde(rename = "requestId")]
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sockets: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rooms: Option<&'a [String]>,
    #[serde(rename = "clientCount", skip_serializing_if = "Option::is_none")]
    client_count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packet: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ResponseIn<'a> {
    #[serde(rename = "type")]
    kind: Option<u64>,
    #[serde(rename = "requestId")]
    id: String,
    #[serde(borrow)]
    sockets: Option<&'a RawValue>,
    rooms: Option<Names>,
    #[serde(rename = "clientCount")]
    client_count: Option<usize>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    packet: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Names(#[serde(deserialize_with = "names")] Vec<String>);
