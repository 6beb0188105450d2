//! A nickname in a room, as one server tells it to the others.

use std::sync::Arc;

use sha1::{Digest, Sha1};

use crate::presence::Person;

/// How much of a seat's person is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// The nickname is kept for a person who counts as gone.
    Kept,
    /// The connection was lost a moment ago.
    Expected,
    /// There is a connection.
    Connected,
}

/// A nickname in a room, on one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The slug of the room.
    pub room: Arc<str>,
    /// [`Nickname::key`](crate::names::Nickname::key).
    pub key: String,
    /// [`Person::digest`].
    pub person: Arc<str>,
    /// The nickname as it is shown.
    pub shown: String,
    /// Whether its person is there.
    pub state: State,
}

/// A person's secret is not told to other servers: they get this, by which the same person
/// is known again.
pub(super) fn digest(person: &Person) -> Arc<str> {
    let (kind, of) = match person {
        Person::Secret(secret) => ("secret ", secret),
        Person::Socket(id) => ("socket ", id),
        Person::Elsewhere(digest) => return digest.clone(),
    };
    hex(Sha1::new().chain_update(kind).chain_update(&**of))
}

/// 40 hexadecimal digits.
pub(crate) fn hex(hash: Sha1) -> Arc<str> {
    use std::fmt::Write;
    let mut hex = String::with_capacity(40);
    for byte in hash.finalize() {
        // Writing into a String does not fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex.into()
}
