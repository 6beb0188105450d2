//! A socket as other servers see it: its description, which can be sent.

use std::time::UNIX_EPOCH;

use engine_io::Handshake;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::room::SocketId;

/// A description of a socket that is sent to another server. Its JSON has the form that
/// Node's adapters use for `fetchSockets`.
///
/// ```
/// use socket_io::SocketInfo;
///
/// let answer = r#"{"id":"kX3_ahGvQm4tqlF0BvZ-","rooms":["tea"],"data":{"nickname":"Ann"}}"#;
/// let info: SocketInfo = serde_json::from_str(answer)?;
/// assert_eq!((&*info.rooms[0], &info.data["nickname"]), ("tea", &"Ann".into()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SocketInfo {
    /// The id.
    pub id: SocketId,
    /// The first request of the connection, in Node's form: see
    /// [`RemoteSocket::handshake`](crate::RemoteSocket::handshake).
    #[serde(default)]
    pub handshake: Value,
    /// The rooms. As in Node, the socket's own is among them: its name is the id.
    #[serde(default)]
    pub rooms: Vec<String>,
    /// The value that the application [shares](crate::Data::share) of the socket.
    #[serde(default)]
    pub data: Value,
}

/// The first request of a connection as Node describes it to other servers.
pub(crate) fn handshake(request: &Handshake, auth: Value) -> Value {
    let mut headers = Map::new();
    for (name, value) in request.headers() {
        let value = String::from_utf8_lossy(value);
        match headers.get_mut(name) {
            Some(Value::String(before)) => {
                before.push_str(", ");
                before.push_str(&value);
            }
            _ => drop(headers.insert(name.into(), value.into())),
        }
    }
    let query = request.query_pairs();
    let query: Map<_, _> = query
        .map(|(name, value)| (name.into_owned(), value.into_owned().into()))
        .collect();
    let issued = request.time.duration_since(UNIX_EPOCH).unwrap_or_default();
    json!({
        "xdomain": headers.contains_key("origin"),
        "headers": headers,
        "time": httpdate::fmt_http_date(request.time.max(UNIX_EPOCH)),
        "address": request.remote_addr.map(|it| it.ip().to_string()).unwrap_or_default(),
        "secure": request.secure,
        "issued": u64::try_from(issued.as_millis()).unwrap_or_default(),
        "url": request.url(),
        "query": query,
        "auth": auth,
    })
}
