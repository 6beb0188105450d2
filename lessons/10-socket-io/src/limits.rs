//! The limits on what one client may make the server keep.

/// The limits of one connection. They count bytes as kept: the text of an event, its
/// attachments, and a fixed cost for each.
///
/// ```
/// use socket_io::{Config, Limits};
///
/// let config = Config {
///     // Rooms with short names, and no bytes: a chat of text.
///     limits: Limits { max_room_name: 32, max_attachments: 0, ..Limits::default() },
///     ..Config::default()
/// };
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Attachments of one packet. Default 10.
    pub max_attachments: usize,
    /// Bytes of one packet's attachments together. Default 4 MiB.
    pub max_attachment_bytes: usize,
    /// Nesting of JSON. Default 64.
    pub max_depth: usize,
    /// Rooms of one socket. Default 100.
    pub max_rooms: usize,
    /// Bytes of a room's name. Default 256.
    pub max_room_name: usize,
    /// Bytes of the payloads with which a client joins its namespaces, together; they are
    /// kept as long as it is in them. Default 16 KiB.
    pub max_auth: usize,
    /// Bytes of the name of a namespace that a predicate makes. Default 256.
    pub max_namespace_name: usize,
    /// Namespaces of one connection. Default 100.
    pub max_namespaces: usize,
    /// Bytes of a connection's events that wait for handlers, or are being handled,
    /// before the connection is read no further. Default 256 KiB.
    pub max_inbox: usize,
    /// Bytes of a connection's events after which it is closed. A connection is read on
    /// while the client owes an acknowledgement, because the acknowledgement comes after
    /// the events. Default 8 MiB.
    pub max_backlog: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_attachments: 10,
            max_attachment_bytes: 4 << 20,
            max_depth: 64,
            max_rooms: 100,
            max_room_name: 256,
            max_auth: 16 << 10,
            max_namespace_name: 256,
            max_namespaces: 100,
            max_inbox: 256 << 10,
            max_backlog: 8 << 20,
        }
    }
}
