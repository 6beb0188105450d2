//! Rooms: names for sets of sockets. Only the server knows them.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::wire::args::{ArgsWriter, IntoArgs};

/// A socket's public id, fit to be shown to other clients. It is not the Engine.IO
/// session's id, which is a secret.
///
/// ```
/// use socket_io::SocketId;
///
/// let id: SocketId = "kX3_ahGvQm4tqlF0BvZ-".parse()?;
/// assert_eq!(id.as_str(), "kX3_ahGvQm4tqlF0BvZ-");
/// # Ok::<(), socket_io::InvalidSocketId>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(Arc<str>);

impl SocketId {
    pub(crate) fn random() -> Self {
        Self(engine_io::random_id().into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An id that a client sent, as in "this message is for …". A handler can also take it as
/// a `SocketId` and leave the check to the server.
///
/// ```
/// # fn example(socket: socket_io::Socket) {
/// use socket_io::{Socket, SocketId};
/// socket.on("whisper", async |socket: Socket, to: SocketId, text: String| {
///     socket.to(to).emit("whisper", (socket.id(), text));
/// });
/// let ann: Result<SocketId, _> = "kX3_ahGvQm4tqlF0BvZ-".parse();
/// # }
/// ```
impl FromStr for SocketId {
    type Err = InvalidSocketId;

    fn from_str(text: &str) -> Result<Self, InvalidSocketId> {
        if looks_like_an_id(text) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidSocketId)
        }
    }
}

impl Serialize for SocketId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SocketId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl IntoArgs for SocketId {
    fn write(&self, writer: &mut ArgsWriter) -> Result<(), serde_json::Error> {
        writer.push(self)
    }
}

/// Text that does not have the form of a [`SocketId`].
///
/// ```
/// use socket_io::{InvalidSocketId, SocketId};
///
/// assert_eq!("Ann".parse::<SocketId>(), Err(InvalidSocketId));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a socket's id")]
pub struct InvalidSocketId;

/// Characters of an id.
const ID_CHARS: usize = 20;

/// Whether text has the form of an id.
pub(crate) fn looks_like_an_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.len() == ID_CHARS && text.bytes().all(fits)
}

impl AsRef<str> for SocketId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for SocketId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whom to send to: every socket has its own room, and joins others by name.
///
/// The two are different variants, so that a room that a client names can never be
/// another socket's own. An id as text is a name like any other: parse it into a
/// [`SocketId`] to reach the socket. The log reports a broadcast to a room that does not
/// exist and is named like a socket that does.
///
/// ```
/// use socket_io::Room;
/// assert_eq!(Room::from("lobby"), Room::Named("lobby".into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Room {
    /// One socket.
    Own(SocketId),
    /// All who joined under this name.
    Named(Arc<str>),
}

impl Room {
    /// Returns the name, or the id: what a server tells the others of its cluster.
    ///
    /// ```
    /// assert_eq!(socket_io::Room::from("tea").as_str(), "tea");
    /// ```
    pub fn as_str(&self) -> &str {
        match self {
            Self::Own(id) => id.as_str(),
            Self::Named(name) => name,
        }
    }

    /// Returns the room that another server of a cluster names. Text in the form of a
    /// socket's id is the socket's own room: no server lets a socket join a room that is
    /// named so (see [`Adapters`](crate::Adapters)).
    ///
    /// ```
    /// use socket_io::Room;
    /// assert_eq!(Room::from_text("tea"), Room::Named("tea".into()));
    /// assert!(matches!(Room::from_text("kX3_ahGvQm4tqlF0BvZ-"), Room::Own(_)));
    /// ```
    pub fn from_text(text: &str) -> Self {
        text.parse()
            .map_or_else(|_| Self::Named(text.into()), Self::Own)
    }
}

impl From<&str> for Room {
    fn from(name: &str) -> Self {
        Self::Named(name.into())
    }
}

impl From<String> for Room {
    fn from(name: String) -> Self {
        Self::Named(name.into())
    }
}

impl From<&String> for Room {
    fn from(name: &String) -> Self {
        Self::Named(name.as_str().into())
    }
}

impl From<Arc<str>> for Room {
    fn from(name: Arc<str>) -> Self {
        Self::Named(name)
    }
}

impl From<&SocketId> for Room {
    fn from(id: &SocketId) -> Self {
        Self::Own(id.clone())
    }
}

impl From<SocketId> for Room {
    fn from(id: SocketId) -> Self {
        Self::Own(id)
    }
}

/// The receivers of a broadcast, and how they get it.
///
/// ```
/// use socket_io::{Room, Selection};
///
/// // As `namespace.to("tea").to("cake").except("asleep").volatile()` selects.
/// let selection = Selection {
///     rooms: vec!["tea".into(), "cake".into()],
///     except: vec![Room::from("asleep")],
///     volatile: true,
///     ..Selection::default()
/// };
/// ```
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Members of any of these rooms; every member when empty.
    pub rooms: Vec<Room>,
    /// But no members of these.
    pub except: Vec<Room>,
    /// Drop it for clients that could not be sent it at once.
    pub volatile: bool,
    /// Do not keep it for clients that are away.
    pub transient: bool,
    /// Only sockets of this server: an adapter is not asked.
    pub local: bool,
}

impl Selection {
    /// Makes a selection of rooms as another server of a cluster names them: see
    /// [`Room::from_text`].
    ///
    /// ```
    /// use socket_io::{Room, Selection};
    /// let selection = Selection::from_text(["tea"], ["kX3_ahGvQm4tqlF0BvZ-"]);
    /// assert_eq!(selection.rooms, [Room::from("tea")]);
    /// assert!(matches!(selection.except[..], [Room::Own(_)]));
    /// ```
    pub fn from_text<T: AsRef<str>>(
        rooms: impl IntoIterator<Item = T>,
        except: impl IntoIterator<Item = T>,
    ) -> Self {
        let room = |text: T| Room::from_text(text.as_ref());
        Self {
            rooms: rooms.into_iter().map(room).collect(),
            except: except.into_iter().map(room).collect(),
            ..Self::default()
        }
    }
}

/// A change to all selected sockets. An [`Adapter`](crate::Adapter) sends it to the other
/// servers:
///
/// ```
/// use socket_io::Change;
///
/// fn message(change: &Change) -> String {
///     match change {
///         Change::Join(rooms) => format!("join {}", rooms.join(",")),
///         Change::Leave(rooms) => format!("leave {}", rooms.join(",")),
///         Change::Disconnect { close: true } => "close".into(),
///         Change::Disconnect { close: false } => "disconnect".into(),
///     }
/// }
/// assert_eq!(message(&Change::Join(vec!["tea".into()])), "join tea");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// They join these rooms.
    Join(Vec<Arc<str>>),
    /// They leave these rooms.
    Leave(Vec<Arc<str>>),
    /// They are disconnected from the namespace.
    Disconnect {
        /// And their connections are closed.
        close: bool,
    },
}
