//! The format of Node's `@socket.io/redis-streams-adapter` 0.3: broadcasts and changes are
//! entries of a log, so that a client that was away can be sent what it missed.
//!
//! An entry has the fields `uid`, `nsp`, `type` and `data`, all of them text. `data` is
//! JSON, or `MessagePack` in Base64 if it holds bytes. Questions, answers and server events
//! need no memory. They are published, always as `MessagePack`:
//!
//! | channel | what is published there |
//! |---|---|
//! | `C#N#` | questions and server events |
//! | `C#N#NODE#` | answers to one server |
//!
//! `C` is [`Streams::channel_prefix`]; `N` is the namespace. The session of a client that
//! is away is kept under [`Streams::session_prefix`] and its private id.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use socket_io::{SessionRecord, SocketId};

use super::json::{self, MessageLimits, names, read_msgpack, to_json, to_msgpack};
use super::sharded::{self, Envelope, EnvelopeIn};
use super::{Format, Message, NodeId, Place, Publication, Received, Target, WireError};
use crate::bus::{Entry, Topic};

/// The format, and its settings.
///
/// ```
/// use cluster::wire::streams::Streams;
/// use cluster::wire::{Message, Place, Target, Values};
///
/// let at = Place { namespace: "/chat".into(), node: "ann".into() };
/// let message = Message::Broadcast(Values::json(r#"["news",42]"#), Target::default());
/// let entry = Streams::default().entry(&at, &message)?;
/// assert_eq!((entry.text("nsp"), entry.text("type")), (Some("/chat"), Some("3")));
/// # Ok::<(), cluster::wire::WireError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Streams {
    /// The beginning of all channels' names. Default `socket.io`.
    pub channel_prefix: String,
    /// The beginning of the keys of sessions. Default `sio:session:`.
    pub session_prefix: String,
    /// The limits of messages and sessions from other servers.
    pub limits: MessageLimits,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            channel_prefix: "socket.io".into(),
            session_prefix: "sio:session:".into(),
            limits: MessageLimits::default(),
        }
    }
}

impl Streams {
    fn channel(&self, namespace: &str) -> String {
        format!("{}#{namespace}#", self.channel_prefix)
    }

    /// Writes a broadcast or a change as an entry of the log.
    ///
    /// # Errors
    /// The event is not JSON with these attachments.
    pub fn entry(&self, at: &Place, message: &Message) -> Result<Entry, WireError> {
        let (kind, data, attachments) = sharded::data(message)?;
        let data = data.ok_or(WireError::Unsupported("an entry without data"))?;
        let data = if attachments.is_empty() {
            to_json(&data)?
        } else {
            BASE64_STANDARD
                .encode(to_msgpack(&data, attachments)?)
                .into()
        };
        let text = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        Ok(Entry::new([
            ("uid", text(&at.node)),
            ("nsp", text(&at.namespace)),
            ("type", text(&kind.to_string())),
            ("data", data),
        ]))
    }

    /// Reads an entry of the log, also one of this server. `None` for another namespace,
    /// and for something that a newer version may have added.
    ///
    /// # Errors
    /// The entry is not of this format, or beyond its limits.
    pub fn read_entry(
        &self,
        at: &Place,
        entry: &Entry,
    ) -> Result<Option<Received>, WireError> {
        // Node ignores an entry without a namespace, too.
        if entry.text("nsp") != Some(&at.namespace) {
            return Ok(None);
        }
        let field = |name, missing| entry.text(name).ok_or(WireError::Malformed(missing));
        let from = field("uid", "no uid")?.to_owned();
        let kind = field("type", "no type")?.parse();
        let kind =
            kind.map_err(|_| WireError::Malformed("a type that is not a number"))?;
        let data = entry.text("data").unwrap_or_default();
        if data.is_empty() {
            let message = sharded::read(kind, None, Vec::new())?;
            return Ok(message.map(|message| Received {
                from: Some(from),
                message,
            }));
        }
        let (json, attachments) = if data.starts_with('{') {
            json::read(&Bytes::copy_from_slice(data.as_bytes()), self.limits)?
        } else {
            read_msgpack(&self.decoded(data)?, self.limits)?
        };
        let data = serde_json::from_str(&json)?;
        let message = sharded::read(kind, Some(data), attachments)?;
        Ok(message.map(|message| Received {
            from: Some(from),
            message,
        }))
    }

    /// Returns the key under which a session is kept.
    pub fn session_key(&self, pid: &str) -> String {
        format!("{}{pid}", self.session_prefix)
    }

    /// Writes the session of a client that is away.
    ///
    /// # Errors
    /// The data is not JSON that can be `MessagePack`.
    pub fn session(&self, session: &SessionRecord) -> Result<Bytes, WireError> {
        let own = session.id.as_str();
        // A socket's own room comes first, as Node has it.
        let rooms = [own]
            .into_iter()
            .chain(session.rooms.iter().map(|room| &**room));
        let session = Session {
            sid: own,
            pid: &session.pid,
            rooms: rooms.collect(),
            data: &session.data,
        };
        Ok(BASE64_STANDARD.encode(to_msgpack(&session, &[])?).into())
    }

    /// Reads a session.
    ///
    /// # Errors
    /// It is not of this format, or beyond its limits.
    pub fn read_session(&self, text: &Bytes) -> Result<SessionRecord, WireError> {
        let text = str::from_utf8(text).map_err(|_| WireError::Malformed("not UTF-8"))?;
        let (json, attachments) = read_msgpack(&self.decoded(text)?, self.limits)?;
        if !attachments.is_empty() {
            return Err(WireError::Malformed("a session with bytes"));
        }
        let session: SessionIn = serde_json::from_str(&json)?;
        let own = session.sid.as_str();
        let rooms = session.rooms.iter().filter(|room| *room != own);
        Ok(SessionRecord {
            rooms: rooms.map(|room| room.as_str().into()).collect(),
            pid: session.pid.into(),
            data: session.data,
            id: session.sid,
        })
    }

    fn decoded(&self, text: &str) -> Result<Bytes, WireError> {
        if text.len() / 4 * 3 > self.limits.max_bytes {
            return Err(WireError::TooLarge(text.len()));
        }
        let bytes = BASE64_STANDARD.decode(text);
        Ok(bytes
            .map_err(|_| WireError::Malformed("not Base64"))?
            .into())
    }
}

impl Target {
    /// Returns whether a client with this session is selected, as Node decides it for a
    /// client that was away.
    pub fn selects(&self, session: &SessionRecord) -> bool {
        let in_room = |room: &String| {
            room == session.id.as_str() || session.rooms.iter().any(|it| **it == **room)
        };
        let is_included = self.rooms.is_empty() || self.rooms.iter().any(in_room);
        is_included && !self.except.iter().any(in_room)
    }
}

impl Format for Streams {
    fn asks_rooms(&self) -> bool {
        false
    }

    fn topics(&self, at: &Place) -> Vec<Topic> {
        let all = self.channel(&at.namespace);
        let own = format!("{all}{}#", at.node);
        vec![Topic::Channel(all), Topic::Channel(own)]
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
        match message {
            Message::Broadcast(..) | Message::Change(..) => {
                return Err(WireError::Unsupported("this outside of the log"));
            }
            Message::Answer(..) => {
                let to = to.ok_or(WireError::Unsupported(
                    "an answer without the name of the server that asked",
                ))?;
                channel.push_str(to);
                channel.push('#');
            }
            _ => {}
        }
        let (kind, data, attachments) = sharded::data(message)?;
        let message = Envelope {
            kind,
            data,
            uid: &at.node,
            nsp: &at.namespace,
        };
        let payload = to_msgpack(&message, attachments)?;
        Ok(Publication { channel, payload })
    }

    fn decode(
        &self,
        at: &Place,
        _channel: &str,
        payload: &Bytes,
        _has_room: &dyn Fn(&str) -> bool,
    ) -> Result<Option<Received>, WireError> {
        let (json, attachments) = read_msgpack(payload, self.limits)?;
        let envelope: EnvelopeIn = serde_json::from_str(&json)?;
        if envelope.uid == at.node || envelope.nsp != at.namespace {
            return Ok(None);
        }
        let from = Some(envelope.uid);
        let message = sharded::read(envelope.kind, envelope.data, attachments)?;
        Ok(message.map(|message| Received { from, message }))
    }
}

// The structs that follow are a session, with its fields in Node's order.

#[derive(Serialize)]
struct Session<'a> {
    sid: &'a str,
    pid: &'a str,
    rooms: Vec<&'a str>,
    data: &'a Value,
}

#[derive(Deserialize)]
struct SessionIn {
    sid: SocketId,
    pid: String,
    #[serde(deserialize_with = "names")]
    rooms: Vec<String>,
    #[serde(default)]
    data: Value,
}
