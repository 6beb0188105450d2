//! A packet on its way out: encoded once, however many receive it.

use std::sync::Arc;

use engine_io::EncodedMessage;

use crate::measure;
use crate::sent::Number;
use crate::wire::args::{self, Encoded, IntoArgs};
use crate::wire::packet::{Packet, PacketType};

/// A packet as Engine.IO messages: its text, then its attachments. A clone is a reference
/// count.
#[derive(Clone, Debug)]
pub struct EncodedPacket {
    messages: Messages,
    number: Option<Number>,
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

    /// Returns how many bytes they are.
    pub fn size(&self) -> usize {
        self.messages().iter().map(EncodedMessage::size).sum()
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
        let number = None;
        Self { messages, number }
    }
}

/// An event or an acknowledgement: its array in JSON, and its attachments.
#[derive(Debug)]
pub(crate) struct Outgoing(Encoded);

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
                Some(Self(encoded))
            }
            Err(error) => {
                tracing::error!(event = name, %error, "arguments that cannot be sent");
                None
            }
        }
    }

    pub(crate) fn answer(encoded: Encoded) -> Self {
        Self(encoded)
    }

    /// Adds a last argument: the offset that a client hands in to be sent what it missed.
    pub(crate) fn push_offset(&mut self, offset: &str) {
        self.0.json.pop();
        self.0.json.push_str(",\"");
        self.0.json.push_str(offset);
        self.0.json.push_str("\"]");
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
        let Encoded { json, attachments } = &self.0;
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
        if attachments.is_empty() {
            return Messages::One(text).into();
        }
        let attachments = attachments
            .iter()
            .map(|bytes| EncodedMessage::binary(bytes));
        EncodedPacket::new([text].into_iter().chain(attachments))
    }
}
