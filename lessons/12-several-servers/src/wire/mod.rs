//! The messages between the servers of a cluster, and how they are written.
//!
//! [`Message`] is what a message means. A [`Format`] is one way to write it: which
//! channel, which bytes. The formats are pure functions over text and bytes, and each has
//! its module: [`redis_adapter`], [`sharded`] and [`streams`] are Node's, byte for byte.

pub mod json;
pub mod redis_adapter;
pub mod sharded;
pub mod streams;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use socket_io::SocketInfo;
use thiserror::Error;

use crate::bus::Topic;

/// The name of a server in its cluster: random, and new at every start.
pub type NodeId = String;

/// The id that an answer shares with its question: random, so that no two servers choose
/// the same.
pub type RequestId = String;

/// One message from a server to the others.
// ANCHOR: message
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Deliver this event to your selected sockets.
    Broadcast(Values, Target),
    /// Change your selected sockets.
    Change(Target, Change),
    /// Call the application's own handlers of this event.
    ServerEvent(Values),
    /// Please answer.
    Ask(RequestId, Question),
    /// An answer.
    Answer(RequestId, Answer),
    /// I am leaving: do not wait for my answers.
    Left,
}

/// A question from one server to all others.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// Which selected sockets do you have?
    Sockets(Target),
    /// The same of servers of an older version, which want only the ids.
    SocketIds(Vec<String>),
    /// Which rooms do you have?
    Rooms,
    /// Call the application's own handlers of this event. What do they answer?
    ServerEvent(Values),
    /// Deliver this event to your selected sockets. How many are there, and what does each
    /// answer?
    Clients(Values, Target),
}

/// An answer to a [`Question`].
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// My selected sockets.
    Sockets(Vec<SocketInfo>),
    /// Their ids.
    SocketIds(Vec<String>),
    /// My rooms.
    Rooms(Vec<String>),
    /// My handler's answer: one value.
    Value(Values),
    /// How many clients will be asked here.
    Clients(usize),
    /// The answer of one of them: one value.
    Client(Values),
}
// ANCHOR_END: message

/// JSON with attachments: the text has the placeholder `{"_placeholder":true,"num":N}`
/// wherever the bytes of attachment `N` belong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// The text of an array, or of one value.
    pub json: String,
    /// The bytes.
    pub attachments: Vec<Bytes>,
}

impl Values {
    /// Returns JSON without attachments.
    pub fn json(text: impl Into<String>) -> Self {
        Self {
            json: text.into(),
            attachments: Vec::new(),
        }
    }
}

/// A change to sockets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// They join these rooms.
    Join(Vec<String>),
    /// They leave these rooms.
    Leave(Vec<String>),
    /// They leave the namespace, or the connection ends.
    Disconnect {
        /// Whether the connection ends.
        close: bool,
    },
}

/// Which sockets, and how to send to them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Members of any of these rooms; all sockets when empty. The id of a socket is a
    /// room, too.
    #[serde(default, deserialize_with = "json::names")]
    pub rooms: Vec<String>,
    /// But no members of these.
    #[serde(default, deserialize_with = "json::names")]
    pub except: Vec<String>,
    /// How to send.
    #[serde(default, deserialize_with = "json::or_default")]
    pub flags: Flags,
}

/// How an event is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flags {
    /// Drop it for clients that could not be sent it at once.
    #[serde(
        default,
        deserialize_with = "json::or_default",
        skip_serializing_if = "is_false"
    )]
    pub volatile: bool,
    /// Whether to compress it; by default each server decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compress: Option<bool>,
    /// How long to wait for the clients' answers, in milliseconds.
    #[serde(
        default,
        deserialize_with = "json::milliseconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub timeout: Option<u64>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// One way to write messages.
pub trait Format: Send + Sync + 'static {
    /// Whether there is a question for rooms. Otherwise the sockets are asked for, and
    /// their rooms collected.
    fn asks_rooms(&self) -> bool;

    /// Returns what a server subscribes to for a namespace.
    fn topics(&self, at: &Place) -> Vec<Topic>;

    /// Returns what a server subscribes to in addition while a room has members there.
    fn room_topic(&self, at: &Place, room: &str) -> Option<Topic> {
        let _ = (at, room);
        None
    }

    /// Returns the channel that every server subscribes to exactly once: its subscribers
    /// are the servers.
    fn counted(&self, namespace: &str) -> String;

    /// Writes a message of this server. `to` is the server whose question is answered.
    ///
    /// # Errors
    /// The format cannot express the message.
    fn encode(
        &self,
        at: &Place,
        to: Option<&NodeId>,
        message: &Message,
    ) -> Result<Publication, WireError>;

    /// Reads what was published on a channel. `None` for what is not for this server: its
    /// own message, another namespace, a room without members here (`has_room` knows), or
    /// something that a newer version may have added.
    ///
    /// # Errors
    /// The message is not of this format, or beyond its limits.
    fn decode(
        &self,
        at: &Place,
        channel: &str,
        payload: &Bytes,
        has_room: &dyn Fn(&str) -> bool,
    ) -> Result<Option<Received>, WireError>;
}

/// Which server of which namespace reads or writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The namespace, with its slash.
    pub namespace: String,
    /// The server.
    pub node: NodeId,
}

/// Bytes for a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The channel.
    pub channel: String,
    /// The bytes.
    pub payload: Bytes,
}

/// A message, and its sender if the format names it.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// The server that sent it.
    pub from: Option<NodeId>,
    /// The message.
    pub message: Message,
}

/// Why a message cannot be written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WireError {
    /// Not JSON, or not with these fields.
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Not `MessagePack`, or beyond its limits.
    #[error(transparent)]
    MsgPack(#[from] socket_io::msgpack::DecodeError),
    /// More bytes than [`MessageLimits::max_bytes`](json::MessageLimits::max_bytes).
    #[error("a message of {0} bytes")]
    TooLarge(usize),
    /// Nested deeper than [`MessageLimits::max_depth`](json::MessageLimits::max_depth).
    #[error("nested too deep")]
    TooDeep,
    /// Its parts contradict each other.
    #[error("not a message: {0}")]
    Malformed(&'static str),
    /// The format cannot say this.
    #[error("the format cannot express {0}")]
    Unsupported(&'static str),
}
