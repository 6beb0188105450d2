//! Shared by the formats: limits for what another server sends, and the two encodings.
//!
//! Servers of a cluster trust each other more than they trust clients. But a bus is a
//! network, and any program that reaches it can publish: nonsense must never end a server.

use bytes::Bytes;
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use socket_io::{SocketId, SocketInfo, msgpack};

use super::{Values, WireError};

/// The limits of a message that is read.
#[derive(Clone, Copy, Debug)]
pub struct MessageLimits {
    /// Bytes of the message, and of its JSON. Default 16 MiB.
    pub max_bytes: usize,
    /// Nesting of arrays and objects, the message's own three levels included. Default
    /// 100.
    pub max_depth: usize,
    /// Attachments. Default 1,000.
    pub max_attachments: usize,
}

impl Default for MessageLimits {
    fn default() -> Self {
        Self {
            max_bytes: 16 << 20,
            max_depth: 100,
            max_attachments: 1_000,
        }
    }
}

/// Writes a value as JSON.
pub(super) fn to_json(value: &impl Serialize) -> Result<Bytes, WireError> {
    Ok(serde_json::to_vec(value)?.into())
}

/// Writes a value as `MessagePack`, with the attachments in the place of their
/// placeholders.
pub(super) fn to_msgpack(
    value: &impl Serialize,
    attachments: &[Bytes],
) -> Result<Bytes, WireError> {
    let json = serde_json::to_string(value)?;
    Ok(msgpack::encode(&json, attachments)?.into())
}

/// Reads either encoding, as Node does: what starts with `{` is JSON.
pub(super) fn read(
    payload: &Bytes,
    limits: MessageLimits,
) -> Result<(String, Vec<Bytes>), WireError> {
    if payload.len() > limits.max_bytes {
        return Err(WireError::TooLarge(payload.len()));
    }
    if payload.first() != Some(&b'{') {
        return read_msgpack(payload, limits);
    }
    let json = str::from_utf8(payload).map_err(|_| WireError::Malformed("not UTF-8"))?;
    check_depth(json, limits.max_depth)?;
    Ok((json.to_owned(), Vec::new()))
}

/// Reads `MessagePack`.
pub(super) fn read_msgpack(
    payload: &Bytes,
    limits: MessageLimits,
) -> Result<(String, Vec<Bytes>), WireError> {
    if payload.len() > limits.max_bytes {
        return Err(WireError::TooLarge(payload.len()));
    }
    let limits = msgpack::Limits {
        max_depth: limits.max_depth,
        max_attachments: limits.max_attachments,
        max_json: limits.max_bytes,
    };
    Ok(msgpack::decode(payload.clone(), limits)?)
}

/// `serde_json` passes over a [`RawValue`] however deep it is, so the depth is checked
/// before.
fn check_depth(json: &str, max: usize) -> Result<(), WireError> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                depth += 1;
                if depth > max {
                    return Err(WireError::TooDeep);
                }
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

impl Values {
    /// Returns the JSON for a place inside a message.
    pub(super) fn raw(&self) -> Result<&RawValue, WireError> {
        Ok(serde_json::from_str(&self.json)?)
    }

    /// The JSON at a place inside a message, which must be where all of the message's
    /// attachments belong. Nothing is `null`.
    pub(super) fn taken(
        raw: Option<&RawValue>,
        attachments: Vec<Bytes>,
    ) -> Result<Self, WireError> {
        let json = raw.map_or("null", RawValue::get).to_owned();
        // This is how the decoder of MessagePack writes a placeholder. The same in a text
        // would have backslashes.
        let placeholders = json.matches(r#"{"_placeholder":true,"num":"#).count();
        if !attachments.is_empty() && placeholders != attachments.len() {
            return Err(WireError::Malformed("bytes outside of the event"));
        }
        Ok(Self { json, attachments })
    }

    /// The same for an event: an array that starts with the event's name.
    pub(super) fn event(
        raw: Option<&RawValue>,
        attachments: Vec<Bytes>,
    ) -> Result<Self, WireError> {
        let values = Self::taken(raw, attachments)?;
        let name = values.json.strip_prefix('[').map(str::trim_start);
        if name.is_some_and(|name| name.starts_with('"')) {
            Ok(values)
        } else {
            Err(WireError::Malformed("an event without a name"))
        }
    }
}

/// Reads `null` as nothing.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads names of rooms. A program for Node can also name a room by a number.
pub(super) fn names<'de, D>(deserializer: D) -> Result<Vec<String>, D::Error>
where
    D: Deserializer<'de>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Name {
        Text(String),
        Number(serde_json::Number),
    }
    let names: Option<Vec<Name>> = Option::deserialize(deserializer)?;
    let text = |name| match name {
        Name::Text(text) => text,
        Name::Number(number) => number.to_string(),
    };
    Ok(names.unwrap_or_default().into_iter().map(text).collect())
}

/// Reads descriptions of sockets, in which rooms can be numbers, too.
pub(super) fn sockets(json: &RawValue) -> Result<Vec<SocketInfo>, WireError> {
    #[derive(Deserialize)]
    struct Socket {
        id: SocketId,
        #[serde(default)]
        handshake: Value,
        #[serde(default, deserialize_with = "names")]
        rooms: Vec<String>,
        #[serde(default)]
        data: Value,
    }
    let sockets: Vec<Socket> = serde_json::from_str(json.get())?;
    let info = |socket: Socket| SocketInfo {
        id: socket.id,
        handshake: socket.handshake,
        rooms: socket.rooms,
        data: socket.data,
    };
    Ok(sockets.into_iter().map(info).collect())
}

/// Reads a number of milliseconds, which JavaScript can write as a fraction.
pub(super) fn milliseconds<'de, D>(deserializer: D) -> Result<Option<u64>, D::Error>
where
    D: Deserializer<'de>,
{
    let number: Option<serde_json::Number> = Option::deserialize(deserializer)?;
    let Some(number) = number else {
        return Ok(None);
    };
    if let Some(whole) = number.as_u64() {
        return Ok(Some(whole));
    }
    let fraction = number.as_f64().filter(|it| (0.0..1e15).contains(it));
    let fraction = fraction.ok_or_else(|| D::Error::custom("not a duration"))?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be in range"
    )]
    Ok(Some(fraction as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_what_is_open_outside_of_texts() {
        assert!(check_depth(r#"[[],[{}],"[[[[[\"[[["]"#, 3).is_ok());
        assert!(matches!(
            check_depth("[[[[]]]]", 3),
            Err(WireError::TooDeep)
        ));
    }
}
