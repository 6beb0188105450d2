//! # A request, taken apart
//!
//! Node's Redis adapter sends requests to the other servers as JSON. Read those that
//! change sockets or ask for rooms. `own` is the name of the server that reads.
//!
//! | `type` | request | further fields |
//! |---|---|---|
//! | 1 | which rooms do you have? | `requestId` |
//! | 2 | join | `opts`, `rooms` |
//! | 3 | leave | `opts`, `rooms` |
//! | 4 | disconnect | `opts`, `close` |
//!
//! - `opts` has the lists `rooms` and `except`. A list that is missing is empty, here and
//!   in `rooms` of 2 and 3. A `close` that is missing is `false`.
//! - A room can be a number, which is the room of that text: 42 is "42".
//! - Fields that you do not know are ignored. A request of another type is `Ok(None)`.
//! - `uid` is the name of the server that sent the request. Our own requests are
//!   `Ok(None)`. Programs that are not servers send requests without `uid`: they count.
//! - Text that is not JSON, a field of the wrong type, and a request whose `requestId` or
//!   `opts` is missing are errors.
//!
//! Try it: `cargo test --test ex12_wire`

use serde::Deserialize;

/// A request of another server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// It wants to know our rooms.
    Rooms {
        /// The id for the answer.
        id: String,
    },
    /// Our selected sockets join these rooms.
    Join(Selection, Vec<String>),
    /// Our selected sockets leave these rooms.
    Leave(Selection, Vec<String>),
    /// Our selected sockets are disconnected.
    Disconnect(Selection, bool),
}

/// Which sockets are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Selection {
    /// Members of any of these rooms.
    pub rooms: Vec<String>,
    /// But no members of these.
    pub except: Vec<String>,
}

/// Reads a request. `Ok(None)` is one that is not for us.
///
/// # Errors
/// The text is not a request.
pub fn read(own: &str, text: &str) -> Result<Option<Request>, serde_json::Error> {
    // `serde::de::Error::custom("…")` makes an error with your own words.
    todo!("exercise ex12_wire: {own} reads {text}")
}
