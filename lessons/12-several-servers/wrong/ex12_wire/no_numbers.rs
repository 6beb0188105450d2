//! Caught by: rooms_can_be_numbers
//!
//! Accepts text alone as a room.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

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
    #[serde(default, deserialize_with = "names")]
    pub rooms: Vec<String>,
    /// But no members of these.
    #[serde(default, deserialize_with = "names")]
    pub except: Vec<String>,
}

#[derive(Deserialize)]
struct Fields {
    uid: Option<String>,
    #[serde(rename = "type")]
    kind: u64,
    #[serde(rename = "requestId")]
    id: Option<String>,
    opts: Option<Selection>,
    #[serde(default, deserialize_with = "names")]
    rooms: Vec<String>,
    #[serde(default)]
    close: bool,
}

/// Without `untagged`, serde would expect `{"Text": "tea"}`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Name {
    Text(String),
}

fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let names: Vec<Name> = Vec::deserialize(deserializer)?;
    let text = |name| match name {
        Name::Text(text) => text,
    };
    Ok(names.into_iter().map(text).collect())
}

/// Reads a request. `Ok(None)` is one that is not for us.
///
/// # Errors
/// The text is not a request.
pub fn read(own: &str, text: &str) -> Result<Option<Request>, serde_json::Error> {
    let fields: Fields = serde_json::from_str(text)?;
    if fields.uid.as_deref() == Some(own) {
        return Ok(None);
    }
    let missing = |what| serde_json::Error::custom(format!("{what} is missing"));
    let of = fields.opts.ok_or_else(|| missing("opts"));
    Ok(Some(match fields.kind {
        1 => Request::Rooms {
            id: fields.id.ok_or_else(|| missing("requestId"))?,
        },
        2 => Request::Join(of?, fields.rooms),
        3 => Request::Leave(of?, fields.rooms),
        4 => Request::Disconnect(of?, fields.close),
        _ => return Ok(None),
    }))
}
