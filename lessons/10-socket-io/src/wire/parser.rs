//! The seam where a server that speaks another encoding than the protocol's own
//! translates: between an encoded packet and one client's session, both ways.

use std::fmt;

use bytes::Bytes;
use engine_io::EncodedMessage;

use crate::error::ParseError;
use crate::limits::Limits;

/// How packets are encoded. Client and server have to agree on it beforehand.
///
/// The default is the protocol's own encoding: JSON in a text message, and a binary
/// message for each attachment. With the cargo feature `msgpack` there is
/// `Parser::msgpack()`, too.
///
/// ```
/// use socket_io::{Config, Parser};
///
/// assert_eq!(Config::default().parser, Parser::default());
/// ```
#[derive(Clone, Copy, Default)]
pub struct Parser(pub(crate) Option<&'static dyn Translate>);

/// Another encoding of packets, each of which is one binary message in it.
pub(crate) trait Translate: Sync {
    /// The name.
    fn name(&self) -> &'static str;

    /// Turns a client's message into the packet's text and its attachments, as the
    /// default parser would have got them. The attachments can share the message's
    /// memory. The caller checks the text as if it came from a client.
    fn read(
        &self,
        message: Bytes,
        limits: &Limits,
    ) -> Result<(String, Vec<Bytes>), ParseError>;

    /// Turns a packet into a message.
    fn write(&self, text: &str, attachments: &[Bytes]) -> Result<Vec<u8>, ParseError>;
}

impl Parser {
    /// The translation, if packets are not in the protocol's own encoding.
    pub(crate) fn translation(self) -> Option<&'static dyn Translate> {
        self.0
    }

    fn name(self) -> &'static str {
        self.0.map_or("json", Translate::name)
    }
}

/// Translates a packet whose messages are in the protocol's own encoding. One that
/// cannot be translated is logged and not sent.
pub(super) fn translate(
    to: &dyn Translate,
    messages: &[EncodedMessage],
) -> Option<EncodedMessage> {
    let (text, attachments) = messages.split_first()?;
    let attachments: Vec<_> = attachments
        .iter()
        .map(|it| Bytes::copy_from_slice(it.payload()))
        .collect();
    match to.write(text.as_text().unwrap_or_default(), &attachments) {
        Ok(bytes) => Some(EncodedMessage::binary(&bytes).marked_like(text)),
        Err(error) => {
            tracing::error!(parser = to.name(), %error, "a packet that cannot be sent");
            None
        }
    }
}

impl PartialEq for Parser {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Parser {}

impl fmt::Debug for Parser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Parser").field(&self.name()).finish()
    }
}
