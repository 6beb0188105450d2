//! An event on its way out: before it is encoded, and as a packet, encoded once, however
//! many receive it.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use engine_io::EncodedMessage;

use crate::error::ParseError;
use crate::measure;
use crate::sent::Number;
use crate::wire::args::{self, Encoded, Event, IntoArgs, RawArgs};
use crate::wire::packet::{Packet, PacketLimits, PacketType};
use crate::wire::parser::{self, Parser};

/// A packet as Engine.IO messages: its text, then its attachments. A clone is a reference
/// count.
#[derive(Clone, Debug)]
pub(crate) struct EncodedPacket {
    messages: Messages,
    number: Option<Number>,
    /// In another encoding, once a client wants it. In a box, because a log keeps many
    /// packets that have none.
    translated: OnceLock<Option<Box<EncodedMessage>>>,
    /// Its last argument is an offset, which is not the application's.
    has_offset: bool,
}

#[derive(Clone, Debug)]
enum Messages {
    One(EncodedMessage),
    Many(Arc<[EncodedMessage]>),
}

impl EncodedPacket {
    /// A packet of these messages: its text, then its attachments.
    pub(crate) fn new(messages: impl IntoIterator<Item = EncodedMessage>) -> Self {
        Messages::Many(messages.into_iter().collect()).into()
    }

    /// The packet's number in its namespace's log.
    pub(crate) fn number(&self) -> Option<Number> {
        self.number
    }

    pub(crate) fn numbered(self, number: Number) -> Self {
        let number = Some(number);
        Self { number, ..self }
    }

    /// Returns the messages, to be sent in this order with nothing between them.
    pub(crate) fn messages(&self) -> &[EncodedMessage] {
        match &self.messages {
            Messages::One(message) => std::slice::from_ref(message),
            Messages::Many(messages) => messages,
        }
    }

    /// Returns the messages for a client with this parser. Each packet is translated
    /// once, when the first of its receivers gets it.
    pub(crate) fn messages_for(&self, parser: Parser) -> &[EncodedMessage] {
        let Some(other) = parser.translation() else {
            return self.messages();
        };
        let translated = self
            .translated
            .get_or_init(|| parser::translate(other, self.messages()).map(Box::new));
        translated.as_deref().map_or(&[], std::slice::from_ref)
    }

    /// Returns how many bytes are kept for them.
    pub(crate) fn size(&self) -> usize {
        let translated = self.translated.get().and_then(Option::as_deref);
        let messages = self.messages().iter().chain(translated);
        messages.map(EncodedMessage::size).sum()
    }

    /// The event in the packet, for listeners. `None` if it is not an event.
    pub(crate) fn observed(&self) -> Option<Event> {
        let (text, attachments) = self.messages().split_first()?;
        let limits = PacketLimits {
            max_attachments: usize::MAX,
            max_depth: usize::MAX,
        };
        let packet = Packet::parse_within(text.as_text()?, limits).ok()?;
        if !matches!(packet.kind, PacketType::Event | PacketType::BinaryEvent) {
            return None;
        }
        let json = if self.has_offset {
            let (before, _) = packet.data.rsplit_once(",\"")?;
            Cow::Owned(format!("{before}]"))
        } else {
            Cow::Borrowed(packet.data)
        };
        let bytes = |it: &EncodedMessage| Bytes::copy_from_slice(it.payload());
        let attachments: Vec<_> = attachments.iter().map(bytes).collect();
        observed(&json, &attachments)
    }

    /// A packet without attachments.
    pub(crate) fn plain(kind: PacketType, namespace: &str, data: &str) -> Self {
        let packet = Packet {
            kind,
            attachments: 0,
            namespace,
            id: None,
            data,
        };
        Messages::One(packet.encode()).into()
    }
}

impl From<Messages> for EncodedPacket {
    fn from(messages: Messages) -> Self {
        Self {
            messages,
            number: None,
            translated: OnceLock::new(),
            has_offset: false,
        }
    }
}

/// An event before it is encoded for its receivers: its array in JSON, with the name in
/// front, and its attachments.
///
/// This is what an [`Adapter`](crate::Adapter) gets to send, and what it makes of a message
/// from another server. Bytes are placeholders in the array, as in [`Args`](crate::Args).
///
/// ```
/// use socket_io::OutgoingEvent;
///
/// let array = r#"["photo","cat.png",{"_placeholder":true,"num":0}]"#;
/// let event = OutgoingEvent::from_parts(array.into(), vec!["pixels".into()])?;
/// assert_eq!((&*event.name(), event.attachments().len()), ("photo", 1));
/// // Two attachments, and a placeholder for one of them.
/// let two = vec!["pixels".into(), "more".into()];
/// assert!(OutgoingEvent::from_parts(array.into(), two).is_err());
/// # Ok::<(), socket_io::ParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct OutgoingEvent {
    encoded: Encoded,
    compress: bool,
    /// Escaped as in JSON, without the quotes.
    offset: Option<Box<str>>,
}

impl From<Encoded> for OutgoingEvent {
    fn from(encoded: Encoded) -> Self {
        Self {
            encoded,
            compress: true,
            offset: None,
        }
    }
}

/// How a packet is addressed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Envelope<'a> {
    pub(crate) namespace: &'a str,
    /// The acknowledgement id.
    pub(crate) id: Option<u64>,
    /// A last argument, escaped as in JSON: the offset that a client hands in to be sent
    /// what it missed.
    pub(crate) offset: Option<&'a str>,
    /// Many clients are sent it: from this many bytes on, it is compressed once for all.
    pub(crate) share_from: Option<usize>,
}

impl OutgoingEvent {
    /// Makes an event of parts that come from another server.
    ///
    /// # Errors
    /// The text is not a JSON array with an event's name in front, it is nested too deep
    /// (127 levels), or its placeholders do not match the attachments.
    pub fn from_parts(
        array: String,
        attachments: Vec<Bytes>,
    ) -> Result<Self, ParseError> {
        args::check_array(&array, attachments.len())?;
        args::event_name(&array)?;
        let json = array;
        Ok(Encoded { json, attachments }.into())
    }

    /// Returns the array: the name, then the arguments.
    pub fn array(&self) -> &str {
        &self.encoded.json
    }

    /// Returns the bytes that the placeholders in the array stand for.
    pub fn attachments(&self) -> &[Bytes] {
        &self.encoded.attachments
    }

    /// Returns the name.
    pub fn name(&self) -> Cow<'_, str> {
        args::event_name(self.array()).unwrap_or_default()
    }

    /// Whether it may be compressed: see [`Broadcast::compress`](crate::Broadcast::compress).
    pub fn is_compressed(&self) -> bool {
        self.compress
    }

    /// Sets whether it may be compressed.
    #[must_use]
    pub fn compress(self, compress: bool) -> Self {
        Self { compress, ..self }
    }

    /// Adds an offset, the last argument with which a client reports what it has seen: for
    /// an adapter that [keeps the sessions](crate::Adapter::keeps_sessions).
    #[must_use]
    pub fn with_offset(self, offset: &str) -> Self {
        // Text can always be written.
        let quoted = serde_json::to_string(offset).unwrap_or_default();
        let escaped = quoted.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
        Self {
            offset: escaped.map(Into::into),
            ..self
        }
    }

    /// `[name, …args]`. A reserved name, and arguments that JSON cannot express, are logged
    /// and not sent: a client would close the connection for them, or show its user an
    /// error that is the program's.
    pub(crate) fn event(name: &str, args: &impl IntoArgs) -> Option<Self> {
        if args::is_reserved(name) {
            tracing::error!(event = name, "a reserved name cannot be sent");
            return None;
        }
        match args::encode(Some(name), args) {
            Ok(encoded) => {
                measure::sent();
                Some(encoded.into())
            }
            Err(error) => {
                tracing::error!(event = name, %error, "arguments that cannot be sent");
                None
            }
        }
    }

    /// The event, for listeners.
    pub(crate) fn observed(&self) -> Option<Event> {
        observed(&self.encoded.json, &self.encoded.attachments)
    }

    /// An acknowledgement: an array without a name.
    pub(crate) fn answer(encoded: Encoded) -> Self {
        encoded.into()
    }

    fn mark(&self, message: EncodedMessage, share_from: Option<usize>) -> EncodedMessage {
        if !self.compress {
            message.uncompressed()
        } else if share_from.is_some_and(|least| message.payload().len() >= least) {
            message.shared()
        } else {
            message
        }
    }

    /// Encodes the event for the one client that it is for.
    pub(crate) fn encode_event(&self, namespace: &str, id: Option<u64>) -> EncodedPacket {
        self.encode_in(Envelope {
            namespace,
            id,
            ..Envelope::default()
        })
    }

    /// Encodes the event.
    pub(crate) fn encode_in(&self, envelope: Envelope<'_>) -> EncodedPacket {
        self.encode(PacketType::Event, PacketType::BinaryEvent, envelope)
    }

    pub(crate) fn encode_ack(&self, namespace: &str, id: u64) -> EncodedPacket {
        let envelope = Envelope {
            namespace,
            id: Some(id),
            ..Envelope::default()
        };
        self.encode(PacketType::Ack, PacketType::BinaryAck, envelope)
    }

    fn encode(
        &self,
        plain: PacketType,
        binary: PacketType,
        envelope: Envelope<'_>,
    ) -> EncodedPacket {
        let Encoded { json, attachments } = &self.encoded;
        let kind = if attachments.is_empty() {
            plain
        } else {
            binary
        };
        let offset = envelope.offset.or(self.offset.as_deref());
        let data = match offset {
            Some(_) => json.trim_end().strip_suffix(']').unwrap_or(json),
            None => json,
        };
        let mut text = Packet {
            kind,
            attachments: attachments.len(),
            namespace: envelope.namespace,
            id: envelope.id,
            data,
        }
        .to_text();
        if let Some(offset) = offset {
            for part in [",\"", offset, "\"]"] {
                text.push_str(part);
            }
        }
        let text = self.mark(EncodedMessage::text(&text), envelope.share_from);
        let mut packet = if attachments.is_empty() {
            Messages::One(text).into()
        } else {
            let attachments = attachments.iter().map(|bytes| {
                self.mark(EncodedMessage::binary(bytes), envelope.share_from)
            });
            EncodedPacket::new([text].into_iter().chain(attachments))
        };
        packet.has_offset = offset.is_some();
        packet
    }
}

fn observed(array: &str, attachments: &[Bytes]) -> Option<Event> {
    let raw = RawArgs {
        array,
        skip: 1,
        attachments,
    };
    Some(Event {
        name: args::event_name(array).ok()?.into_owned(),
        args: raw.to_args().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(packet: &EncodedPacket) -> &str {
        packet.messages()[0].as_text().unwrap()
    }

    fn from_parts(array: &str, attachments: usize) -> Result<OutgoingEvent, ParseError> {
        OutgoingEvent::from_parts(array.into(), vec![Bytes::new(); attachments])
    }

    #[test]
    fn an_event_from_another_server_is_checked() {
        let deep = |levels: usize| {
            let (open, close) = ("[".repeat(levels - 1), "]".repeat(levels - 1));
            format!(r#"["x",{open}{close}]"#)
        };
        assert!(from_parts(&deep(127), 0).is_ok());
        assert!(matches!(
            from_parts(&deep(128), 0),
            Err(ParseError::TooDeep)
        ));
        let very_deep = "[".repeat(1_000_000) + "]";
        assert!(matches!(
            from_parts(&very_deep, 0),
            Err(ParseError::TooDeep)
        ));
        for array in [
            "",
            "[",
            "{}",
            "[]",
            "[true]",
            r#" ["x"]"#,
            r#"["x"] "#,
            "[[]]",
        ] {
            assert!(
                matches!(
                    from_parts(array, 0),
                    Err(ParseError::Data | ParseError::Json(_))
                ),
                "{array}"
            );
        }
        assert!(from_parts(r#"["x",]"#, 0).is_err());
        assert!(matches!(
            from_parts(r#"["disconnect"]"#, 0),
            Err(ParseError::ReservedName(_))
        ));
        let one = r#"["x",{"_placeholder":true,"num":0}]"#;
        assert!(from_parts(one, 1).is_ok());
        assert!(matches!(from_parts(one, 2), Err(ParseError::Placeholder)));
        let another = r#"["x",{"_placeholder":true,"num":1}]"#;
        assert!(matches!(
            from_parts(another, 1),
            Err(ParseError::Placeholder)
        ));
        // Nobody reads it as bytes.
        assert!(from_parts(one, 0).is_ok());
    }

    #[test]
    fn an_offset_is_the_last_argument_and_no_listener_sees_it() {
        let event = from_parts(r#"["x",1]"#, 0).unwrap().with_offset("17-0\"");
        let packet = event.encode_event("/", None);
        assert_eq!(text(&packet), r#"2["x",1,"17-0\""]"#);
        assert_eq!(event.array(), r#"["x",1]"#, "and is not sent twice");
        let alone = from_parts(r#"["x"]"#, 0).unwrap().with_offset("17-0");
        let packet = alone.encode_event("/chat", Some(7));
        assert_eq!(text(&packet), r#"2/chat,7["x","17-0"]"#);
        assert_eq!(packet.observed().unwrap().args, crate::Args::default());
    }

    #[test]
    fn an_event_for_many_is_compressed_once_if_it_may_be() {
        let event = from_parts(&format!(r#"["x","{}"]"#, "x".repeat(100)), 0).unwrap();
        let many = Envelope {
            namespace: "/",
            share_from: Some(100),
            ..Envelope::default()
        };
        // Both forms are counted.
        let alone = event.encode_event("/", None).size();
        assert!(event.encode_in(many).size() > alone);
        let never = event.clone().compress(false);
        assert!(!never.is_compressed() && event.is_compressed());
        assert_eq!(never.encode_in(many).size(), alone);
        let long = Envelope {
            share_from: Some(1000),
            ..many
        };
        assert_eq!(event.encode_in(long).size(), alone);
    }
}
