//! The packets of the server of today, as the machines read and write them: Socket.IO
//! protocol 5, as text.
//!
//! The text that a client of old times sends is translated and then read by the server's
//! own parser, with the server's own limits. This parser reads only packets that
//! the server has written, so it trusts them.

use std::fmt::Write;

use serde_json::value::RawValue;

/// A packet's text, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Modern<'a> {
    pub(crate) kind: char,
    /// How many binary messages follow.
    pub(crate) attachments: usize,
    /// The namespace; `/` is written as nothing.
    pub(crate) namespace: &'a str,
    pub(crate) id: Option<u64>,
    pub(crate) data: &'a str,
}

pub(crate) const CONNECT: char = '0';
pub(crate) const DISCONNECT: char = '1';
pub(crate) const EVENT: char = '2';
pub(crate) const ACK: char = '3';
pub(crate) const CONNECT_ERROR: char = '4';
pub(crate) const BINARY_EVENT: char = '5';
pub(crate) const BINARY_ACK: char = '6';

impl<'a> Modern<'a> {
    pub(crate) fn new(
        kind: char,
        namespace: &'a str,
        id: Option<u64>,
        data: &'a str,
    ) -> Self {
        Self {
            kind,
            attachments: 0,
            namespace,
            id,
            data,
        }
    }

    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let kind = text.chars().next().filter(char::is_ascii_digit)?;
        let mut rest = &text[1..];
        let mut attachments = 0;
        if matches!(kind, BINARY_EVENT | BINARY_ACK) {
            let (count, behind) = rest.split_once('-')?;
            attachments = count.parse().ok()?;
            rest = behind;
        }
        let mut namespace = "/";
        if rest.starts_with('/') {
            (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (id, data) = rest.split_at(digits);
        let id = if id.is_empty() {
            None
        } else {
            Some(id.parse().ok()?)
        };
        Some(Self {
            kind,
            attachments,
            namespace,
            id,
            data,
        })
    }

    pub(crate) fn encode(&self) -> String {
        let mut text = String::with_capacity(self.data.len() + self.namespace.len() + 8);
        text.push(self.kind);
        if matches!(self.kind, BINARY_EVENT | BINARY_ACK) {
            let _ = write!(text, "{}-", self.attachments);
        }
        if self.namespace != "/" {
            text.push_str(self.namespace);
            text.push(',');
        }
        if let Some(id) = self.id {
            let _ = write!(text, "{id}");
        }
        text.push_str(self.data);
        text
    }

    pub(crate) fn is_event(&self) -> bool {
        matches!(self.kind, EVENT | BINARY_EVENT)
    }

    /// Whether the server has confirmed a namespace that keeps a log for clients that
    /// come back. Its events end with an offset, an argument that these clients would
    /// take for one of the application's.
    pub(crate) fn confirms_recovery(&self) -> bool {
        self.kind == CONNECT && self.data.contains("\"pid\":")
    }

    /// The event without its offset, the last argument, which is a text without escapes.
    /// An event that asks for an acknowledgement has none.
    pub(crate) fn without_offset(&self) -> Option<String> {
        if self.id.is_some() || !self.is_event() {
            return None;
        }
        let offset = self.data.strip_suffix("\"]")?.rfind(",\"")?;
        Some(format!("{}]", &self.data[..offset]))
    }
}

/// The query of an endpoint, `/chat?token=1`, as the payload of a CONNECT packet.
pub(crate) fn payload(query: &str) -> String {
    if query.is_empty() {
        return String::new();
    }
    let pairs = form_urlencoded::parse(query.as_bytes());
    let object: serde_json::Map<_, _> = pairs
        .map(|(name, value)| (name.into_owned(), value.into_owned().into()))
        .collect();
    serde_json::Value::from(object).to_string()
}

/// The message of a `CONNECT_ERROR` packet, or the application's data in it.
pub(crate) fn refusal(data: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Refusal<'a> {
        #[serde(borrow)]
        message: &'a RawValue,
        #[serde(borrow, default)]
        data: Option<&'a RawValue>,
    }
    match serde_json::from_str::<Refusal<'_>>(data) {
        Ok(Refusal { message, data }) => data.unwrap_or(message).get().to_owned(),
        Err(_) => "\"refused\"".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_is_taken_off_and_nothing_else() {
        let event =
            Modern::parse(r#"2/chat,["said","a,\"b",{"c":"d"},"s4lt.17"]"#).unwrap();
        assert_eq!(
            event.without_offset().unwrap(),
            r#"["said","a,\"b",{"c":"d"}]"#
        );
        let asked = Modern::parse(r#"2/chat,5["said","a"]"#).unwrap();
        assert_eq!(asked.without_offset(), None);
        let bare = Modern::parse(r#"2["said","s4lt.17"]"#).unwrap();
        assert_eq!(bare.without_offset().unwrap(), r#"["said"]"#);
    }

    #[test]
    fn a_query_becomes_an_object() {
        assert_eq!(payload("token=a%22b&x"), r#"{"token":"a\"b","x":""}"#);
        assert_eq!(payload(""), "");
    }

    #[test]
    fn what_is_written_is_read() {
        for text in [
            "0",
            "0/chat,{}",
            "2[\"a\"]",
            "42/a,1[]",
            "51-/x,3[1]",
            "1/chat,",
        ] {
            let text = text.strip_prefix('4').unwrap_or(text);
            assert_eq!(Modern::parse(text).unwrap().encode(), text);
        }
    }
}
