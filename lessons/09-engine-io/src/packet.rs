//! Packets: what two Engine.IO peers say to each other, whatever carries it.
//!
//! A packet is one character for its type and the rest for its data (Engine.IO protocol
//! 4, "Packet encoding"). Text travels as written below. Binary messages have no type
//! character: over WebSocket they are a binary frame, over HTTP they are `b` and base64. A
//! client that cannot handle binary frames may use the second form everywhere.
//!
//! | packet    | wire      | who sends it                                     |
//! |-----------|-----------|--------------------------------------------------|
//! | `Open`    | `0{json}` | the server, first of all                         |
//! | `Close`   | `1`       | either, to end the session                       |
//! | `Ping`    | `2`       | the server's heartbeat; `2probe` from the client |
//! | `Pong`    | `3`       | the client's answer; `3probe` from the server    |
//! | `Message` | `4text`   | either                                           |
//! | `Upgrade` | `5`       | the client, when the probe came back             |
//! | `Noop`    | `6`       | the server, to release a waiting poll            |

use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use thiserror::Error;
use websocket::{OpCode, encode_compressed_frame};

use crate::compression::MAX_DEFLATED;

/// Written with padding, read with or without it: clients differ.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A message as it arrives: text is borrowed from the read buffer, binary is owned.
///
/// ```
/// use engine_io::Message;
///
/// fn size(message: &Message<'_>) -> usize {
///     match message {
///         Message::Text(text) => text.len(),
///         Message::Binary(bytes) => bytes.len(),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text, valid UTF-8.
    Text(&'a str),
    /// Binary.
    Binary(Bytes),
}

/// One Engine.IO packet (Engine.IO protocol 4, "Packet types").
///
/// ```
/// use engine_io::{Message, Packet};
///
/// let Ok(Packet::Message(Message::Text(text))) = Packet::decode("4hello") else {
///     panic!("it is a message");
/// };
/// assert_eq!(text, "hello");
/// assert_eq!(Packet::Ping("probe").encode().as_text(), None, "only messages have a text");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// `0`: the handshake, as JSON.
    Open(&'a str),
    /// `1`: the session ends.
    Close,
    /// `2`: a heartbeat, or `probe` on a transport that is being tried.
    Ping(&'a str),
    /// `3`: the answer to a ping, with the same data.
    Pong(&'a str),
    /// `4`: what the application sends.
    Message(Message<'a>),
    /// `5`: the client moves to the transport that carries this packet.
    Upgrade,
    /// `6`: nothing.
    Noop,
}

/// Why bytes are not a packet.
///
/// ```
/// use engine_io::{Packet, PacketError};
///
/// assert_eq!(Packet::decode(""), Err(PacketError::Empty));
/// assert_eq!(Packet::decode("9"), Err(PacketError::UnknownType('9')));
/// assert_eq!(Packet::decode("b?"), Err(PacketError::Base64));
/// ```
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PacketError {
    /// The text is empty.
    #[error("an empty packet")]
    Empty,
    /// A type outside `0` to `6`.
    #[error("unknown packet type {0:?}")]
    UnknownType(char),
    /// `b` and something that is not base64.
    #[error("a binary packet that is not base64")]
    Base64,
    /// An HTTP body that is not UTF-8.
    #[error("text that is not UTF-8")]
    Utf8,
}

impl<'a> Packet<'a> {
    /// Reads the text form of a packet. `b` and base64 is a binary message: over polling
    /// it has no other form, and a client can use it over WebSocket too.
    ///
    /// # Errors
    /// Returns an error if the text is empty, has an unknown type, or is not base64 after
    /// its `b`.
    ///
    /// ```
    /// use engine_io::{Message, Packet};
    /// assert_eq!(Packet::decode("4hello"), Ok(Packet::Message(Message::Text("hello"))));
    /// let bytes = bytes::Bytes::from_static(&[1, 2, 3]);
    /// assert_eq!(Packet::decode("bAQID"), Ok(Packet::Message(Message::Binary(bytes))));
    /// assert!(Packet::decode("9").is_err());
    /// ```
    // ANCHOR: decode
    pub fn decode(text: &'a str) -> Result<Self, PacketError> {
        if let Some(base64) = text.strip_prefix('b') {
            let bytes = BASE64.decode(base64).map_err(|_| PacketError::Base64)?;
            return Ok(Packet::Message(Message::Binary(bytes.into())));
        }
        let kind = text.chars().next().ok_or(PacketError::Empty)?;
        let data = &text[kind.len_utf8()..];
        Ok(match kind {
            '0' => Packet::Open(data),
            '1' => Packet::Close,
            '2' => Packet::Ping(data),
            '3' => Packet::Pong(data),
            '4' => Packet::Message(Message::Text(data)),
            '5' => Packet::Upgrade,
            '6' => Packet::Noop,
            other => return Err(PacketError::UnknownType(other)),
        })
    }
    // ANCHOR_END: decode

    /// Writes the packet for either transport.
    ///
    /// ```
    /// use engine_io::Packet;
    /// assert_eq!(Packet::Pong("probe").encode().payload(), b"3probe");
    /// ```
    pub fn encode(&self) -> EncodedMessage {
        match self {
            Packet::Open(json) => EncodedMessage::from_parts("0", json),
            Packet::Close => EncodedMessage::from_parts("1", ""),
            Packet::Ping(data) => EncodedMessage::from_parts("2", data),
            Packet::Pong(data) => EncodedMessage::from_parts("3", data),
            Packet::Message(Message::Text(text)) => EncodedMessage::text(text),
            Packet::Message(Message::Binary(bytes)) => EncodedMessage::binary(bytes),
            Packet::Upgrade => EncodedMessage::from_parts("5", ""),
            Packet::Noop => EncodedMessage::from_parts("6", ""),
        }
    }
}

/// A packet encoded once, ready for either transport, shared by reference.
///
/// A server's WebSocket frames are not masked (RFC 6455 §5.1), so the frame for one
/// receiver is the frame for all: a broadcast to a thousand sockets encodes once and
/// clones a reference count a thousand times. The packet itself follows the frame header,
/// and a polling response needs only that.
///
/// ```
/// let message = engine_io::EncodedMessage::text("hello");
/// assert_eq!(message.frame().as_ref(), b"\x81\x064hello");
/// assert_eq!(message.payload(), b"4hello");
/// assert_eq!(message.as_text(), Some("hello"));
/// assert!(engine_io::EncodedMessage::binary(&[1, 2]).is_binary());
/// ```
#[derive(Clone, Debug)]
pub struct EncodedMessage {
    frame: Bytes,
    /// Length of the frame header at the front of `frame`.
    header: u8,
    binary: bool,
    compress: Compress,
    /// The compressed frame, once there is one: `None` in it if it would not be smaller.
    compressed: Option<Arc<OnceLock<Option<Bytes>>>>,
}

/// Which connection compresses a message, where compression was agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compress {
    /// Each connection for itself: it is the only one.
    Alone,
    /// The first connection that writes it, for all.
    Shared,
    Never,
}

impl PartialEq for EncodedMessage {
    fn eq(&self, other: &Self) -> bool {
        self.frame == other.frame
    }
}

impl Eq for EncodedMessage {}

impl EncodedMessage {
    /// A text message: `4` and the text, in a text frame.
    pub fn text(text: &str) -> Self {
        Self::from_parts("4", text)
    }

    /// A binary message: the bytes, in a binary frame.
    pub fn binary(bytes: &[u8]) -> Self {
        Self::framed(OpCode::Binary, &[bytes])
    }

    fn from_parts(kind: &str, data: &str) -> Self {
        Self::framed(OpCode::Text, &[kind.as_bytes(), data.as_bytes()])
    }

    /// The same message for a client that wants binary messages as text: `b` and base64.
    pub(crate) fn as_base64(&self) -> Self {
        if !self.binary {
            return self.clone();
        }
        let text = Self::from_parts("b", &BASE64.encode(self.payload()));
        match self.compress {
            Compress::Never => text.uncompressed(),
            Compress::Alone | Compress::Shared => text,
        }
    }

    /// Marks the message as one for many clients: where [compression] was agreed on, it is
    /// compressed once for all of them. Its [`size`](Self::size) is then twice what it
    /// was, because both forms are kept.
    ///
    /// [compression]: crate::Config::per_message_deflate
    ///
    /// ```
    /// # use engine_io::{EncodedMessage, Session};
    /// fn tell(sessions: &[Session], news: &str) {
    ///     let message = EncodedMessage::text(news).shared();
    ///     for session in sessions {
    ///         let _ = session.send(&message);
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn shared(self) -> Self {
        Self {
            compress: Compress::Shared,
            compressed: Some(Arc::default()),
            ..self
        }
    }

    /// Marks the message as one that is never compressed over WebSocket: it is compressed
    /// already, as a picture is, or it has a secret next to a stranger's text.
    ///
    /// ```
    /// let picture = engine_io::EncodedMessage::binary(&[0xff, 0xd8]).uncompressed();
    /// assert_eq!(picture.payload(), [0xff, 0xd8]);
    /// ```
    #[must_use]
    pub fn uncompressed(self) -> Self {
        Self {
            compress: Compress::Never,
            compressed: None,
            ..self
        }
    }

    /// Marks the message as `other` is marked: for the same content in another encoding.
    ///
    /// ```
    /// # use engine_io::EncodedMessage;
    /// fn in_capitals(message: &EncodedMessage) -> Option<EncodedMessage> {
    ///     let text = message.as_text()?.to_uppercase();
    ///     Some(EncodedMessage::text(&text).marked_like(message))
    /// }
    /// ```
    #[must_use]
    pub fn marked_like(self, other: &Self) -> Self {
        match other.compress {
            Compress::Alone => self,
            Compress::Shared => self.shared(),
            Compress::Never => self.uncompressed(),
        }
    }

    /// Whether a connection with this threshold sends the message compressed, if that
    /// makes it smaller. The same answer each time.
    pub(crate) fn is_deflated(&self, threshold: u32) -> bool {
        self.payload().len() >= threshold as usize
            && self.frame.len() <= MAX_DEFLATED
            && self.compress != Compress::Never
    }

    /// Compresses the message, unless another connection has. Returns how many bytes had
    /// to be compressed.
    pub(crate) fn deflate(&mut self) -> usize {
        let mut work = 0;
        let cell = self.compressed.get_or_insert_default().clone();
        cell.get_or_init(|| {
            work = self.payload().len();
            let opcode = if self.binary {
                OpCode::Binary
            } else {
                OpCode::Text
            };
            encode_compressed_frame(opcode, self.payload())
        });
        work
    }

    /// The frame to write to a connection with this threshold.
    pub(crate) fn wire(&self, threshold: u32) -> &Bytes {
        match &self.compressed {
            Some(cell) if self.is_deflated(threshold) => {
                cell.get().and_then(Option::as_ref).unwrap_or(&self.frame)
            }
            _ => &self.frame,
        }
    }

    fn framed(opcode: OpCode, parts: &[&[u8]]) -> Self {
        let len: usize = parts.iter().map(|part| part.len()).sum();
        let header = websocket::FrameHeader {
            fin: true,
            opcode,
            mask: None,
            len: len as u64,
        };
        let mut frame = Vec::with_capacity(websocket::MAX_HEADER + len);
        header.write_to(&mut frame);
        let header = u8::try_from(frame.len()).unwrap_or(u8::MAX);
        for part in parts {
            frame.extend_from_slice(part);
        }
        Self {
            frame: frame.into(),
            header,
            binary: opcode == OpCode::Binary,
            compress: Compress::Alone,
            compressed: None,
        }
    }

    /// The WebSocket frame, header included.
    pub fn frame(&self) -> &Bytes {
        &self.frame
    }

    /// The frame's payload: a text packet with its type, or the bytes of a binary message.
    pub fn payload(&self) -> &[u8] {
        &self.frame[usize::from(self.header)..]
    }

    /// Whether this is a binary message.
    pub fn is_binary(&self) -> bool {
        self.binary
    }

    /// The text of a text message, without its type. `None` for anything else.
    pub fn as_text(&self) -> Option<&str> {
        if self.binary {
            return None;
        }
        std::str::from_utf8(self.payload()).ok()?.strip_prefix('4')
    }

    /// How many bytes it counts for in the outbound budget.
    pub fn size(&self) -> usize {
        match self.compress {
            Compress::Shared => 2 * self.frame.len(),
            Compress::Alone | Compress::Never => self.frame.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_type_by_its_number() {
        let wire = ["0{}", "1", "2probe", "3probe", "4", "5", "6"];
        let packets = [
            Packet::Open("{}"),
            Packet::Close,
            Packet::Ping("probe"),
            Packet::Pong("probe"),
            Packet::Message(Message::Text("")),
            Packet::Upgrade,
            Packet::Noop,
        ];
        for (wire, packet) in wire.iter().zip(packets) {
            assert_eq!(Packet::decode(wire).as_ref(), Ok(&packet));
            assert_eq!(packet.encode().payload(), wire.as_bytes());
        }
    }

    #[test]
    fn text_that_is_not_a_packet_is_refused() {
        assert_eq!(Packet::decode(""), Err(PacketError::Empty));
        assert_eq!(Packet::decode("b%%%"), Err(PacketError::Base64));
        assert_eq!(Packet::decode("7"), Err(PacketError::UnknownType('7')));
        assert_eq!(Packet::decode("é4"), Err(PacketError::UnknownType('é')));
    }

    #[test]
    fn a_message_for_many_is_compressed_once() {
        let text = "tea or cake? ".repeat(100);
        let message = EncodedMessage::text(&text).shared();
        let (mut first, mut second) = (message.clone(), message.clone());
        assert_eq!(first.wire(1024), message.frame());
        assert_eq!(first.deflate(), text.len() + 1);
        assert_eq!(second.deflate(), 0, "another connection has done it");
        assert!(first.wire(1024).len() < text.len() / 10);
        assert_eq!(first.wire(1024).as_ptr(), second.wire(1024).as_ptr());
        // A connection without compression gets the plain frame, whatever others do.
        assert_eq!(second.wire(u32::MAX), message.frame());
        assert_eq!(message.size(), 2 * message.frame().len(), "both are kept");
    }

    #[test]
    fn a_message_to_one_client_is_its_connections_own() {
        let text = "tea or cake? ".repeat(100);
        let message = EncodedMessage::text(&text);
        let (mut first, mut second) = (message.clone(), message.clone());
        assert_eq!((first.deflate(), second.deflate()), (1301, 1301));
        assert_eq!(message.size(), message.frame().len());
        assert!(!message.clone().uncompressed().is_deflated(0));
        assert!(!message.is_deflated(1302) && message.is_deflated(1301));
    }

    proptest! {
        #[test]
        fn text_survives_the_journey(text in ".*") {
            let encoded = Packet::Message(Message::Text(&text)).encode();
            prop_assert_eq!(encoded.as_text(), Some(text.as_str()));
            let payload = String::from_utf8(encoded.payload().to_vec()).unwrap();
            prop_assert_eq!(Packet::decode(&payload), Ok(Packet::Message(Message::Text(&text))));
        }

        #[test]
        fn decode_never_panics(text in ".*") {
            let _ = Packet::decode(&text);
        }
    }
}
