//! The errors and reasons that a client reports.

use std::fmt;

use thiserror::Error;

use crate::error::ConnectError;

/// Why an event was not taken.
///
/// ```
/// use socket_io::client::{EmitError, Socket};
///
/// fn say(socket: &Socket, text: &str) -> &'static str {
///     match socket.emit("say", text) {
///         Ok(()) => "sent, or waiting for a connection",
///         Err(EmitError::NotConnected) => "please connect first",
///         Err(EmitError::QueueFull) => "please wait a moment",
///         Err(EmitError::NotSent) => "that cannot be sent",
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum EmitError {
    /// The socket was not told to connect, or is disconnected for good; with
    /// [`Offline::Refuse`](super::Offline::Refuse), the connection is gone at the moment.
    #[error("not connected")]
    NotConnected,
    /// [`Limits::max_queue`](super::Limits::max_queue) is spent: the connection, or the
    /// server, is slower than the events.
    #[error("too many events wait to be sent")]
    QueueFull,
    /// The name is reserved, or JSON cannot express the arguments. The log has the reason.
    #[error("the event cannot be sent")]
    NotSent,
}

/// Why a namespace was not joined.
///
/// ```
/// # async fn example(socket: socket_io::client::Socket) {
/// use socket_io::client::ConnectFailure;
///
/// socket.on_connect_error(async |_, failure| match failure {
///     ConnectFailure::Refused(error) => println!("not allowed: {error}"),
///     ConnectFailure::Unreachable(reason) => println!("trying again soon: {reason}"),
///     ConnectFailure::GaveUp => println!("the server is away"),
/// });
/// # }
/// ```
#[derive(Clone, Debug, Error)]
pub enum ConnectFailure {
    /// The server, or a middleware of the namespace, has refused. The client does not ask
    /// again by itself.
    #[error("refused: {0}")]
    Refused(ConnectError),
    /// No connection came about. With [`Reconnect`](super::Reconnect) the client tries
    /// again by itself.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// As many attempts have failed as
    /// [`Reconnect::attempts`](super::Reconnect::attempts) allows.
    #[error("given up after too many attempts")]
    GaveUp,
}

/// Why a socket is no longer in its namespace. `Display` gives the words of the official
/// client.
///
/// ```
/// use socket_io::client::DisconnectReason;
///
/// assert!(DisconnectReason::PingTimeout.is_retried());
/// assert!(!DisconnectReason::Server.is_retried());
/// assert_eq!(DisconnectReason::Server.to_string(), "io server disconnect");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisconnectReason {
    /// The server has put the client out. The client does not come back by itself.
    Server,
    /// This program has left.
    Client,
    /// The server's ping did not come in time.
    PingTimeout,
    /// The connection was closed.
    TransportClose,
    /// The connection broke, or the server broke the rules of WebSocket or Engine.IO.
    TransportError,
    /// The server broke the rules of Socket.IO, or one of our [limits](super::Limits).
    ParseError,
    /// More of the server's events waited for handlers than
    /// [`Limits::max_backlog`](super::Limits::max_backlog) allows, or more of our
    /// acknowledgements for the server than
    /// [`Limits::max_queue`](super::Limits::max_queue).
    Backlog,
}

impl DisconnectReason {
    /// Whether the client tries to come back by itself, if [`Reconnect`](super::Reconnect)
    /// says so: neither side ended the connection on purpose.
    pub fn is_retried(self) -> bool {
        !matches!(self, Self::Server | Self::Client)
    }
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "io server disconnect",
            Self::Client => "io client disconnect",
            Self::PingTimeout => "ping timeout",
            Self::TransportClose => "transport close",
            Self::TransportError => "transport error",
            Self::ParseError => "parse error",
            Self::Backlog => "too many events waiting",
        })
    }
}
