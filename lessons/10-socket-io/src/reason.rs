//! Why a socket left.

use std::fmt;

use engine_io::CloseReason;

/// Why a socket left its namespace. `Display` gives the words that Socket.IO users know.
///
/// ```
/// use socket_io::{DisconnectReason, Socket};
///
/// fn watch(socket: &Socket) {
///     socket.on_disconnect(async |socket: Socket, reason: DisconnectReason| {
///         if reason.is_recoverable() {
///             println!("{} may come back ({reason})", socket.id());
///         }
///     });
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisconnectReason {
    /// The client left the namespace.
    ClientNamespace,
    /// The server disconnected the client from the namespace.
    ServerNamespace,
    /// More of the client's events waited than
    /// [`Limits::max_backlog`](crate::Limits::max_backlog) allows.
    Backlog,
    /// The session below ended.
    Session(CloseReason),
}

impl DisconnectReason {
    /// Whether the client can come back to where it was: neither side ended the
    /// connection on purpose, and the client read what it was sent.
    pub fn is_recoverable(self) -> bool {
        matches!(
            self,
            Self::Session(
                CloseReason::TransportClose
                    | CloseReason::TransportError
                    | CloseReason::MessageTooLarge
                    | CloseReason::PingTimeout
                    | CloseReason::ServerShutdown
            )
        )
    }
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClientNamespace => f.write_str("client namespace disconnect"),
            Self::ServerNamespace => f.write_str("server namespace disconnect"),
            Self::Backlog => f.write_str("too many events waiting"),
            Self::Session(reason) => reason.fmt(f),
        }
    }
}
