//! Error types, grouped by audience.

use serde_json::Value;
use thiserror::Error;

/// Why a text packet is not one (Socket.IO protocol 5, "Packet encoding"). The connection
/// that sent it is closed.
///
/// ```
/// use socket_io::ParseError;
/// use socket_io::packet::Packet;
///
/// assert!(matches!(Packet::parse("9"), Err(ParseError::UnknownType)));
/// // An event needs a name.
/// assert!(matches!(Packet::parse("2"), Err(ParseError::Data)));
/// ```
#[derive(Debug, Error)]
pub enum ParseError {
    /// A type outside `0` to `6`, or none.
    #[error("unknown packet type")]
    UnknownType,
    /// A binary packet that does not say how many attachments follow.
    #[error("the number of attachments is missing")]
    AttachmentCount,
    /// More attachments than [`Limits::max_attachments`](crate::Limits::max_attachments),
    /// or none.
    #[error("{0} attachments")]
    TooManyAttachments(u64),
    /// An acknowledgement id past 2⁶⁴.
    #[error("the acknowledgement id is out of range")]
    Id,
    /// The data is missing, or has a form that this type does not allow.
    #[error("the data does not fit the packet's type")]
    Data,
    /// The data is not JSON.
    #[error("invalid JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Arrays in arrays in arrays.
    #[error("JSON nested too deep")]
    TooDeep,
    /// An event whose name the protocol keeps for itself.
    #[error("the event name {0:?} is reserved")]
    ReservedName(String),
    /// A placeholder for an attachment that was not announced, or two for the same one.
    #[error("placeholders and attachments do not match")]
    Placeholder,
    /// More bytes of attachments than
    /// [`Limits::max_attachment_bytes`](crate::Limits::max_attachment_bytes).
    #[error("the attachments are too large")]
    AttachmentBytes,
    /// Attachments that did not arrive within
    /// [`Config::connect_timeout`](crate::Config::connect_timeout).
    #[error("the attachments did not arrive in time")]
    Overdue,
    /// A binary message that no packet announced, or text while attachments are due.
    #[error("attachments out of order")]
    OutOfOrder,
    /// Not a packet in MessagePack, with [`Parser::msgpack`](crate::Parser::msgpack).
    #[cfg(feature = "msgpack")]
    #[error(transparent)]
    MsgPack(#[from] DecodeError),
}

/// Why bytes are not a value in MessagePack that JSON can express, or not within the
/// [`Limits`](crate::msgpack::Limits).
///
/// ```
/// use socket_io::msgpack::{self, DecodeError, Limits};
///
/// let cut = msgpack::decode(b"\xa3te".as_slice(), Limits::default());
/// assert_eq!(cut, Err(DecodeError::Truncated));
/// ```
#[cfg(feature = "msgpack")]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The input ends inside the value.
    #[error("the MessagePack ends too early")]
    Truncated,
    /// Something follows the value.
    #[error("bytes after the MessagePack")]
    Trailing,
    /// A type that notepack.io does not write either.
    #[error("a MessagePack type that JSON cannot express")]
    Type,
    /// The key of a map is not text.
    #[error("a MessagePack key that is not text")]
    Key,
    /// Arrays in arrays in arrays.
    #[error("MessagePack nested too deep")]
    TooDeep,
    /// More bytes of JSON than [`Limits::max_json`](crate::msgpack::Limits::max_json).
    #[error("the MessagePack is too large as JSON")]
    TooLarge,
    /// More than [`Limits::max_attachments`](crate::msgpack::Limits::max_attachments).
    #[error("too many attachments")]
    TooManyAttachments,
    /// Bytes, and an object that looks like the placeholder for some.
    #[error("an object that looks like a placeholder")]
    Placeholder,
    /// Not an object with the parts of a packet.
    #[error("MessagePack that is not a packet")]
    Packet,
}

#[cfg(feature = "msgpack")]
impl From<bytes::TryGetError> for DecodeError {
    fn from(_: bytes::TryGetError) -> Self {
        Self::Truncated
    }
}

/// Why a client may not join a namespace: what its `connect_error` event is given.
///
/// ```
/// use serde_json::json;
/// use socket_io::ConnectError;
///
/// let refused = ConnectError::new("not authorized").with_data(json!({ "retry": false }));
/// // The client's `connect_error` event gets an error with this message and this data.
/// assert_eq!(refused.to_string(), "not authorized");
/// ```
#[derive(Clone, Debug, Error)]
#[error("{message}")]
pub struct ConnectError {
    /// For people.
    pub message: String,
    /// For programs.
    pub data: Option<Value>,
}

impl ConnectError {
    /// A refusal with a message.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            data: None,
        }
    }

    /// The same with data for the client's program.
    #[must_use]
    pub fn with_data(self, data: Value) -> Self {
        Self {
            data: Some(data),
            ..self
        }
    }
}

/// Why an event was not acknowledged.
///
/// ```
/// use socket_io::{AckError, Socket};
///
/// async fn is_there(socket: &Socket) -> bool {
///     // An answer of another type is an answer, too.
///     let answer: Result<(), AckError> = socket.emit_with_ack("are you there?", ()).await;
///     matches!(answer, Ok(()) | Err(AckError::Decode(_)))
/// }
/// ```
#[derive(Debug, Error)]
pub enum AckError {
    /// The other side did not answer in time.
    #[error("no acknowledgement in time")]
    Timeout,
    /// The other side is gone, or the connection was lost before the answer came.
    #[error("disconnected before the acknowledgement")]
    Disconnected,
    /// The question could not be sent: its name is reserved, or JSON cannot express its
    /// arguments. The log has the reason.
    #[error("the question cannot be sent")]
    NotSent,
    /// The answer does not have the type that was asked for.
    #[error("the acknowledgement does not fit: {0}")]
    Decode(String),
}

/// Why a socket did not join a room.
///
/// ```
/// use socket_io::{JoinError, Socket};
///
/// fn join(socket: &Socket, room: &str) -> &'static str {
///     match socket.join(room) {
///         Ok(()) => "welcome",
///         Err(JoinError::NameTooLong) => "please choose a shorter name",
///         Err(JoinError::TooManyRooms) => "please leave another room first",
///         Err(JoinError::Disconnected) => "nobody reads this",
///         Err(JoinError::LooksLikeAnId) => "please choose another name",
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum JoinError {
    /// The name is longer than [`Limits::max_room_name`](crate::Limits::max_room_name).
    #[error("the room's name is too long")]
    NameTooLong,
    /// The socket is in [`Limits::max_rooms`](crate::Limits::max_rooms) already.
    #[error("too many rooms")]
    TooManyRooms,
    /// The socket has left.
    #[error("the socket is disconnected")]
    Disconnected,
    /// The name has the form of a socket's id, and the servers of a
    /// [cluster](crate::Adapters) could not tell it from one.
    #[error("the room's name has the form of a socket's id")]
    LooksLikeAnId,
}

/// Why a request to the other servers of a cluster has no answer, or only a part of one.
///
/// ```
/// use socket_io::{AdapterError, Io};
///
/// async fn people(io: &Io) -> String {
///     match io.fetch_sockets().await {
///         Ok(sockets) => format!("{} people", sockets.len()),
///         Err(AdapterError::Timeout { answered, expected, .. }) => {
///             format!("only {answered} of {expected} servers answered")
///         }
///         Err(error) => error.to_string(),
///     }
/// }
/// ```
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum AdapterError {
    /// Some of the servers did not answer in time.
    #[error("{answered} of {expected} servers answered in time{}", names(.missing))]
    Timeout {
        /// How many servers answered.
        answered: usize,
        /// How many were asked.
        expected: usize,
        /// The names of those that did not answer, as far as the adapter knows them.
        missing: Vec<String>,
    },
    /// The other servers cannot be reached.
    #[error("the other servers cannot be reached: {0}")]
    Unavailable(String),
    /// The adapter has been closed.
    #[error("the adapter is closed")]
    Closed,
    /// The adapter panicked.
    #[error("the adapter panicked")]
    Panicked,
}

fn names(missing: &[String]) -> String {
    if missing.is_empty() {
        return String::new();
    }
    format!("; missing: {}", missing.join(", "))
}
