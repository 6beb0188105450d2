//! A client's settings.

use std::time::Duration;

/// A client's settings. The defaults are the official client's.
///
/// ```
/// use socket_io::client::{Config, Offline};
///
/// let config = Config {
///     headers: vec![("Authorization".into(), "Bearer …".into())],
///     offline: Offline::Refuse,
///     ..Config::default()
/// };
/// assert_eq!(config.path, "/socket.io/");
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the server is mounted. Default `/socket.io/`.
    pub path: String,
    /// An addition to the query of the first request, percent-encoded as it will be sent:
    /// `room=lobby&v=2`. Default empty.
    pub query: String,
    /// Headers of the first request, as `("Cookie", "user=ann")`. Default none.
    pub headers: Vec<(String, String)>,
    /// How long the server may take from the first byte of the connection to the open
    /// packet of the session. Default 20 s.
    pub timeout: Duration,
    /// How to come back when the connection is lost. `None`: not at all.
    pub reconnect: Option<Reconnect>,
    /// Whether an event that is emitted without a connection waits for one. Default: it
    /// waits.
    pub offline: Offline,
    /// The limits on what this program keeps.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: "/socket.io/".into(),
            query: String::new(),
            headers: Vec::new(),
            timeout: Duration::from_secs(20),
            reconnect: Some(Reconnect::default()),
            offline: Offline::Buffer,
            limits: Limits::default(),
        }
    }
}

/// How a client comes back: each failed attempt doubles the wait before the next one, up
/// to a limit, and a random part keeps the clients of one server from returning in step.
///
/// ```
/// use socket_io::client::Reconnect;
/// use std::time::Duration;
///
/// let patient = Reconnect { max_delay: Duration::from_secs(60), ..Reconnect::default() };
/// assert_eq!(patient.first_delay, Duration::from_secs(1));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Reconnect {
    /// The wait before the first attempt. Default 1 s.
    pub first_delay: Duration,
    /// The longest wait, without the random part. Default 5 s.
    pub max_delay: Duration,
    /// How far the random part reaches: 0.5 makes a wait of 4 s one of 2 to 6. Default
    /// 0.5.
    pub jitter: f64,
    /// How many attempts in a row may fail before the client gives up. Default: it never
    /// does.
    pub attempts: Option<u32>,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self {
            first_delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(5),
            jitter: 0.5,
            attempts: None,
        }
    }
}

/// The treatment of an event that is emitted without a connection.
///
/// ```
/// use socket_io::client::{Config, Offline};
///
/// // A position that is a minute old is of no use.
/// let config = Config { offline: Offline::Refuse, ..Config::default() };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offline {
    /// It waits for the next connection, together with others up to
    /// [`Limits::max_queue`].
    Buffer,
    /// It is refused with [`EmitError::NotConnected`](super::EmitError::NotConnected).
    Refuse,
}

/// The limits on what a client keeps, whatever its server does. They count bytes as kept:
/// text, attachments, and a fixed cost for each.
///
/// ```
/// let small = socket_io::client::Limits { max_queue: 64 << 10, ..Default::default() };
/// assert_eq!(small.max_message, 1_000_000);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one message from the server. Default 1,000,000.
    pub max_message: usize,
    /// Attachments of one packet. Default 10.
    pub max_attachments: usize,
    /// Bytes of one packet's attachments together. Default 4 MiB.
    pub max_attachment_bytes: usize,
    /// Nesting of JSON. Default 64.
    pub max_depth: usize,
    /// Bytes of the server's events that wait for handlers, or are being handled, before
    /// the connection is read no further. Default 256 KiB.
    pub max_inbox: usize,
    /// Bytes of the server's events after which the connection is given up. It is read on
    /// while an acknowledgement is awaited, which may come after the events. Default
    /// 8 MiB.
    pub max_backlog: usize,
    /// Bytes of events that wait to be sent, because the connection is gone or the server
    /// does not read. Default 8 MiB.
    pub max_queue: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_message: 1_000_000,
            max_attachments: 10,
            max_attachment_bytes: 4 << 20,
            max_depth: 64,
            max_inbox: 256 << 10,
            max_backlog: 8 << 20,
            max_queue: 8 << 20,
        }
    }
}
