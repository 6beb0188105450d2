//! # Reading a request
//!
//! Node's Redis adapter sends requests to the other servers as JSON. Read the requests
//! that change sockets or ask for rooms. `own` is the name of the server that reads.
//!
//! | `type` | request | further fields |
//! |---|---|---|
//! | 1 | which rooms do you have? | `requestId` |
//! | 2 | join | `opts`, `rooms` |
//! | 3 | leave | `opts`, `rooms` |
//! | 4 | disconnect | `opts`, `close` |
//!
//! - `opts` contains the lists `rooms` and `except`. A missing list is empty; that also
//!   holds for `rooms` of types 2 and 3. A missing `close` is `false`.
//! - A room can be a number. It means the room with that text as its name: 42 is "42".
//! - Ignore unknown fields. For a request of any other type, return `Ok(None)`.
//! - `uid` is the name of the server that sent the request. For your own requests, return
//!   `Ok(None)`. A request without `uid` comes from a program that is not a server, and
//!   is read like any other.
//! - Text that is not JSON, a field of the wrong type, and a request without the
//!   `requestId` or `opts` that its type needs are errors.
//!
//! Try it: `cargo test --test ex12_wire`

use serde::Deserialize;

/// A request from another server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// It asks for our rooms.
    Rooms {
        /// The id for the answer.
        id: String,
    },
    /// The selected sockets join these rooms.
    Join(Selection, Vec<String>),
    /// The selected sockets leave these rooms.
    Leave(Selection, Vec<String>),
    /// The selected sockets are disconnected; `true` closes their connections.
    Disconnect(Selection, bool),
}

/// The selected sockets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Selection {
    /// Members of any of these rooms.
    pub rooms: Vec<String>,
    /// Except for members of any of these.
    pub except: Vec<String>,
}

/// Reads a request. `Ok(None)` is a request that is not for this server.
///
/// # Errors
/// The text is not a request.
pub fn read(own: &str, text: &str) -> Result<Option<Request>, serde_json::Error> {
    // `serde::de::Error::custom("…")` creates an error with your own words.
    todo!("exercise ex12_wire: {own} reads {text}")
}
