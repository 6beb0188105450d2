//! The negotiation of compression: what a client offers in `Sec-WebSocket-Extensions`,
//! and what a server answers (RFC 6455 §9.1, RFC 7692 §7.1).
//!
//! The header is a list of offers, the client's favorite first. A server picks one of
//! them, or none: then the connection works as if nothing had been offered. Every
//! parameter limits one direction, because each direction has a compressor at one end and
//! a decompressor at the other.

use std::fmt;

/// The extension's name.
const NAME: &str = "permessage-deflate";
/// The window that zlib can compress with, as the exponent of a power of two. The RFC also
/// allows 8, which zlib does not implement.
const WINDOW_BITS: std::ops::RangeInclusive<u8> = 9..=15;

/// The parameters of permessage-deflate: first as one side wants them, then as both have
/// agreed on them.
///
/// The default is no limit at all: each side keeps its context from message to message,
/// which compresses best, and costs a compressor and a decompressor for as long as the
/// connection lives.
///
/// ```
/// use websocket::Deflate;
///
/// // What Chromium offers, and a server that keeps nothing between two messages.
/// let agreed = Deflate::NO_CONTEXT.answer("permessage-deflate; client_max_window_bits");
/// let agreed = agreed.expect("a good offer");
/// assert_eq!(
///     agreed.to_string(),
///     "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
/// );
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deflate {
    /// The server forgets its context after each message.
    pub server_no_context_takeover: bool,
    /// The client forgets its context after each message.
    pub client_no_context_takeover: bool,
    /// The server refers back at most 2 to this power bytes: 9 to 15. `None` is 15.
    pub server_max_window_bits: Option<u8>,
    /// The client refers back at most 2 to this power bytes: 9 to 15. `None` is 15.
    pub client_max_window_bits: Option<u8>,
}

/// One offer or answer: the parameters as they were written.
#[derive(Default)]
struct Parameters {
    deflate: Deflate,
    /// The client can be told a window; it need not have named one.
    client_can_limit_window: bool,
}

impl Deflate {
    /// Neither side keeps anything between two messages. A server can then send one
    /// compressed frame to many clients.
    pub const NO_CONTEXT: Self = Self {
        server_no_context_takeover: true,
        client_no_context_takeover: true,
        server_max_window_bits: None,
        client_max_window_bits: None,
    };

    /// Answers a client's offers, the values of all its `Sec-WebSocket-Extensions`
    /// headers joined with commas: the first offer that can be accepted, with this
    /// server's wishes added. Returns `None` if none can be accepted; the connection then
    /// stays uncompressed. Write what this returns into the response's header.
    ///
    /// An offer with a parameter that is unknown, appears twice or has a wrong value is
    /// declined (RFC 7692 §7).
    pub fn answer(self, offers: &str) -> Option<Self> {
        split(offers, ',').find_map(|offer| self.accept_offer(&parse(offer)?))
    }

    fn accept_offer(self, offer: &Parameters) -> Option<Self> {
        let offered = offer.deflate;
        // A client that does not mention the parameter does not understand it.
        if self.client_max_window_bits.is_some() && !offer.client_can_limit_window {
            return None;
        }
        Some(Self {
            server_no_context_takeover: self.server_no_context_takeover
                || offered.server_no_context_takeover,
            client_no_context_takeover: self.client_no_context_takeover
                || offered.client_no_context_takeover,
            server_max_window_bits: smaller(
                self.server_max_window_bits,
                offered.server_max_window_bits,
            ),
            client_max_window_bits: smaller(
                self.client_max_window_bits,
                offered.client_max_window_bits,
            ),
        })
    }

    /// Returns a client's offer, the value for its `Sec-WebSocket-Extensions`. It always
    /// says that the server can choose the client's window.
    ///
    /// ```
    /// let offer = websocket::Deflate::default().offer();
    /// assert_eq!(offer, "permessage-deflate; client_max_window_bits");
    /// ```
    pub fn offer(self) -> String {
        match self.client_max_window_bits {
            Some(_) => self.to_string(),
            None => format!("{self}; client_max_window_bits"),
        }
    }

    /// Reads the server's answer to this [`offer`](Self::offer). Returns `None` if the
    /// server has answered with something that was not offered; the client then fails the
    /// connection (RFC 7692 §7.1.3).
    ///
    /// ```
    /// use websocket::Deflate;
    /// let offer = Deflate::default();
    /// let agreed = offer.agree("permessage-deflate; server_max_window_bits=10");
    /// assert_eq!(agreed.and_then(|agreed| agreed.server_max_window_bits), Some(10));
    /// assert_eq!(offer.agree("permessage-deflate, permessage-deflate"), None);
    /// ```
    pub fn agree(self, answer: &str) -> Option<Self> {
        let mut extensions = split(answer, ',');
        let answered = parse(extensions.next()?)?;
        if extensions.next().is_some() {
            return None;
        }
        let mut agreed = answered.deflate;
        // In an answer the window has a value, and an offer's limits are kept.
        if answered.client_can_limit_window && agreed.client_max_window_bits.is_none()
            || self.server_no_context_takeover && !agreed.server_no_context_takeover
            || self.server_max_window_bits.is_some_and(|bits| {
                agreed
                    .server_max_window_bits
                    .is_none_or(|answered| answered > bits)
            })
        {
            return None;
        }
        // A limit that the client has offered for itself holds without an answer.
        agreed.client_no_context_takeover |= self.client_no_context_takeover;
        agreed.client_max_window_bits =
            smaller(self.client_max_window_bits, agreed.client_max_window_bits);
        Some(agreed)
    }
}

/// Writes a server's answer.
impl fmt::Display for Deflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)?;
        if self.server_no_context_takeover {
            f.write_str("; server_no_context_takeover")?;
        }
        if self.client_no_context_takeover {
            f.write_str("; client_no_context_takeover")?;
        }
        if let Some(bits) = self.server_max_window_bits {
            write!(f, "; server_max_window_bits={bits}")?;
        }
        if let Some(bits) = self.client_max_window_bits {
            write!(f, "; client_max_window_bits={bits}")?;
        }
        Ok(())
    }
}

fn smaller(ours: Option<u8>, theirs: Option<u8>) -> Option<u8> {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
        (ours, theirs) => ours.or(theirs),
    }
}

/// Reads one extension. Returns `None` for another extension, and for parameters that
/// make it unacceptable.
fn parse(extension: &str) -> Option<Parameters> {
    let mut parts = split(extension, ';');
    if parts.next()? != NAME {
        return None;
    }
    let mut seen = Vec::new();
    let mut found = Parameters::default();
    for part in parts {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name.trim_end(), Some(unquote(value.trim_start())?)),
            None => (part, None),
        };
        if seen.contains(&name) {
            return None;
        }
        seen.push(name);
        let deflate = &mut found.deflate;
        match (name, value) {
            ("server_no_context_takeover", None) => {
                deflate.server_no_context_takeover = true;
            }
            ("client_no_context_takeover", None) => {
                deflate.client_no_context_takeover = true;
            }
            ("server_max_window_bits", Some(value)) => {
                deflate.server_max_window_bits = Some(window_bits(value)?);
            }
            ("client_max_window_bits", value) => {
                found.client_can_limit_window = true;
                if let Some(value) = value {
                    deflate.client_max_window_bits = Some(window_bits(value)?);
                }
            }
            _ => return None,
        }
    }
    Some(found)
}

/// A decimal number without a leading zero (RFC 7692 §7.1.2).
fn window_bits(value: &str) -> Option<u8> {
    if value.starts_with('0') || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    value.parse().ok().filter(|bits| WINDOW_BITS.contains(bits))
}

/// A value can be quoted (RFC 6455 §9.1). The values that this extension knows need no
/// escapes.
fn unquote(value: &str) -> Option<&str> {
    match value.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"').filter(|it| !it.contains('"')),
        None => Some(value),
    }
}

/// Splits at a separator that is not inside quotes.
fn split(list: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    list.split(move |character| {
        quoted ^= character == '"';
        character == separator && !quoted
    })
    .map(str::trim)
}
