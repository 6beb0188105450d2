//! Sockets on any server of a cluster, as handles.

use std::fmt;

use serde_json::Value;

use crate::broadcast::Broadcast;
use crate::info::SocketInfo;
use crate::namespace::Namespace;
use crate::room::SocketId;
use crate::wire::args::IntoArgs;

/// A socket on this server or on another one, as
/// [`Broadcast::fetch_sockets`](crate::Broadcast::fetch_sockets) found it. Its description
/// is as old as the answer; its methods go through the adapter.
///
/// ```
/// # async fn example(io: socket_io::Io) -> Result<(), socket_io::AdapterError> {
/// for socket in io.to("tea").fetch_sockets().await? {
///     println!("{} ({}) is in {:?}", socket.id(), socket.data()["nickname"], socket.rooms());
///     socket.emit("news", "the tea room closes");
///     socket.join("garden");
///     socket.leave("tea");
///     if socket.handshake()["auth"]["guest"] == true {
///         // `true` would close the whole connection.
///         socket.disconnect(false);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RemoteSocket {
    namespace: Namespace,
    info: SocketInfo,
}

impl RemoteSocket {
    pub(crate) fn new(namespace: Namespace, info: SocketInfo) -> Self {
        Self { namespace, info }
    }

    /// Returns the id.
    pub fn id(&self) -> &SocketId {
        &self.info.id
    }

    /// Returns the rooms that it had joined, without its own.
    pub fn rooms(&self) -> Vec<&str> {
        let rooms = self.info.rooms.iter().map(String::as_str);
        rooms.filter(|room| *room != self.id().as_str()).collect()
    }

    /// Returns the value that its server's application [shares](crate::Data::share).
    pub fn data(&self) -> &Value {
        &self.info.data
    }

    /// Returns the first request of its connection: `headers`, `query` and `auth` (objects),
    /// `address`, `url`, `time` (text), `issued` (milliseconds since 1970), `secure` and
    /// `xdomain`.
    pub fn handshake(&self) -> &Value {
        &self.info.handshake
    }

    /// Sends an event to it.
    pub fn emit(&self, event: &str, args: impl IntoArgs) {
        self.select().emit(event, args);
    }

    /// Makes it join a room.
    pub fn join(&self, room: &str) {
        self.select().sockets_join(room);
    }

    /// Makes it leave a room.
    pub fn leave(&self, room: &str) {
        self.select().sockets_leave(room);
    }

    /// Disconnects it from the namespace; with `close`, its connection too.
    pub fn disconnect(&self, close: bool) {
        self.select().disconnect_sockets(close);
    }

    /// Selects this socket alone, for everything else, such as a question.
    pub fn select(&self) -> Broadcast {
        self.namespace.to(self.id())
    }
}

impl fmt::Debug for RemoteSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteSocket")
            .field("id", &self.id().as_str())
            .field("rooms", &self.info.rooms)
            .finish_non_exhaustive()
    }
}
