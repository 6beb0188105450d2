//! A packet on its way out: encoded once, however many receive it.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use engine_io::EncodedMessage;

use crate::measure;
use crate::sent::Number;
use crate::wire::args::{self, Encoded, Event, IntoArgs, RawArgs};
use crate::wire::packet::{Packet, PacketLimits, PacketType};
use crate::wire::parser::{self, Parser};

/// A packet as Engine.IO messages: its text, then its attachments. A clone is a reference
/// count.
#[derive(Clone, Debug)]
pub struct EncodedPacket {
    messages: Messages,
    number: Option<Number>,
    /// In another encoding, once a client wants it. In a box, because a log keeps many
    /// packets that have none.
    translated: OnceLock<Option<Box<EncodedMessage>>>,
}

#[derive(Clone, Debug)]
enum Messages {
    One(EncodedMessage),
    Many(Arc<[EncodedMessage]>),
}

impl EncodedPacket {
    /// A packet that another server has encoded: its text, then its attachments.
    pub fn new(messages: impl IntoIterator<Item = EncodedMessage>) -> Self {
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
    pub fn messages(&self) -> &[EncodedMessage] {
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
    pub fn size(&self) -> usize {
        let translated = self.translated.get().and_then(Option::as_deref);
        let messages = self.messages().iter().chain(translated);
        messages.map(EncodedMessage::size).sum()
    }

    /// The event in the packet, for listeners. `None` if it is no event.
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
        let json = match self.number {
            // Without the offset, the last argument.
            Some(_) => {
                let (before, _) = packet.data.rsplit_once(",\"")?;
                Cow::Owned(format!("{before}]"))
            }
            None => Cow::Borrowed(packet.data),
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
        }
    }
}

/// An event or an acknowledgement: its array in JSON, and its attachments.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    encoded: Encoded,
    compress: Compress,
}

/// How the messages are compressed, where the connection's two sides agreed on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compress {
    /// For the one client that they are for.
    Alone,
    /// Once for all clients, if they have at least this many bytes.
    Shared(usize),
    Never,
}

impl From<Encoded> for Outgoing {
    fn from(encoded: Encoded) -> Self {
        let compress = Compress::Alone;
        Self { encoded, compress }
    }
}

impl Outgoing {
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

    pub(crate) fn answer(encoded: Encoded) -> Self {
        encoded.into()
    }

    /// Many clients are sent it: compression above `threshold` is done once for all.
    pub(crate) fn shared(self, threshold: Option<usize>) -> Self {
        match (threshold, self.compress) {
            (Some(threshold), Compress::Alone) => Self {
                compress: Compress::Shared(threshold),
                ..self
            },
            _ => self,
        }
    }

    /// It is never compressed.
    pub(crate) fn uncompressed(self) -> Self {
        Self {
            compress: Compress::Never,
            ..self
        }
    }

    fn mark(&self, message: EncodedMessage) -> EncodedMessage {
        match self.compress {
            Compress::Alone => message,
            Compress::Shared(least) if message.payload().len() < least => message,
            Compress::Shared(_) => message.shared(),
            Compress::Never => message.uncompressed(),
        }
    }

    /// Adds a last argument: the offset that a client hands in to be sent what it missed.
    pub(crate) fn push_offset(&mut self, offset: &str) {
        let json = &mut self.encoded.json;
        json.pop();
        json.push_str(",\"");
        json.push_str(offset);
        json.push_str("\"]");
    }

    pub(crate) fn encode_event(&self, namespace: &str, id: Option<u64>) -> EncodedPacket {
        self.encode(PacketType::Event, PacketType::BinaryEvent, namespace, id)
    }

    pub(crate) fn encode_ack(&self, namespace: &str, id: u64) -> EncodedPacket {
        self.encode(PacketType::Ack, PacketType::BinaryAck, namespace, Some(id))
    }

    fn encode(
        &self,
        plain: PacketType,
        binary: PacketType,
        namespace: &str,
        id: Option<u64>,
    ) -> EncodedPacket {
        let Encoded { json, attachments } = &self.encoded;
        let kind = if attachments.is_empty() {
            plain
        } else {
            binary
        };
        let text = Packet {
            kind,
            attachments: attachments.len(),
            namespace,
            id,
            data: json,
        }
        .encode();
        let text = self.mark(text);
        if attachments.is_empty() {
            return Messages::One(text).into();
        }
        let attachments = attachments
            .iter()
            .map(|bytes| self.mark(EncodedMessage::binary(bytes)));
        EncodedPacket::new([text].into_iter().chain(attachments))
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
