//! The client's half of the opening handshake: the request, and the check of the response
//! (RFC 6455 §4.1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::{Deflate, MAX_HEAD, accept_key};

/// Why a response does not open a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// The response is not HTTP, or has more than [`MAX_HEAD`] bytes of headers.
    #[error("the server did not send a valid HTTP response")]
    NotHttp,
    /// A status other than 101.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// A header is missing or wrong: the server has not understood the request.
    #[error("the server's response has a missing or wrong {0}")]
    Header(&'static str),
}

/// A handshake of a client.
///
/// ```
/// let handshake = websocket::ClientHandshake::with_nonce(*b"the sample nonce");
/// assert!(handshake.request("example.org", "/chat", None).starts_with(b"GET /chat HTTP/1.1\r\n"));
/// ```
#[derive(Clone, Debug)]
pub struct ClientHandshake {
    key: String,
    offer: Option<Deflate>,
}

impl ClientHandshake {
    /// Creates a handshake with 16 bytes from the system's random number generator.
    ///
    /// # Errors
    /// Returns an error if the system has no random numbers.
    pub fn new() -> std::io::Result<Self> {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(std::io::Error::other)?;
        Ok(Self::with_nonce(nonce))
    }

    /// Creates a handshake with a given nonce, for tests: a real nonce must be new and
    /// unpredictable (§4.1, step 7).
    pub fn with_nonce(nonce: [u8; 16]) -> Self {
        Self {
            key: STANDARD.encode(nonce),
            offer: None,
        }
    }

    /// Offers compression.
    #[must_use]
    pub fn with_deflate(mut self, offer: Deflate) -> Self {
        self.offer = Some(offer);
        self
    }

    /// Returns the bytes of the request. `origin` is for browsers, which send it for the
    /// page that asks.
    pub fn request(&self, host: &str, path: &str, origin: Option<&str>) -> Vec<u8> {
        let origin = origin
            .map(|origin| format!("Origin: {origin}\r\n"))
            .unwrap_or_default();
        let offer = self
            .offer
            .map(|offer| format!("Sec-WebSocket-Extensions: {}\r\n", offer.offer()))
            .unwrap_or_default();
        format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {}\r\n{origin}{offer}\r\n",
            self.key
        )
        .into_bytes()
    }

    /// Reads the response at the front of `bytes`. Returns its length, or `None` while
    /// more bytes are needed. The bytes after it are frames.
    ///
    /// # Errors
    /// Returns what is wrong with a response that does not accept *this* request.
    pub fn verify(&self, bytes: &[u8]) -> Result<Option<usize>, HandshakeError> {
        Ok(self.verify_with(bytes)?.map(|(len, _)| len))
    }

    /// The same, and returns the compression that the server agreed to, if the client
    /// [offered](Self::with_deflate) it.
    ///
    /// # Errors
    /// As [`ClientHandshake::verify`].
    ///
    /// ```
    /// use websocket::{ClientHandshake, Deflate};
    /// let handshake = ClientHandshake::with_nonce(*b"the sample nonce").with_deflate(Deflate::default());
    /// let response = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    ///     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
    ///     Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    /// let (_, agreed) = handshake.verify_with(response)?.expect("it is whole");
    /// assert_eq!(agreed, Some(Deflate::default()));
    /// # Ok::<(), websocket::HandshakeError>(())
    /// ```
    pub fn verify_with(
        &self,
        bytes: &[u8],
    ) -> Result<Option<(usize, Option<Deflate>)>, HandshakeError> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Response::new(&mut headers);
        let len = match head.parse(&bytes[..bytes.len().min(MAX_HEAD)]) {
            Ok(httparse::Status::Complete(len)) => len,
            Ok(httparse::Status::Partial) if bytes.len() < MAX_HEAD => return Ok(None),
            _ => return Err(HandshakeError::NotHttp),
        };
        let status = head.code.unwrap_or_default();
        if status != 101 {
            return Err(HandshakeError::Status(status));
        }
        let is = |name: &'static str, right: &dyn Fn(&str) -> bool| {
            let mut values = head
                .headers
                .iter()
                .filter(|header| header.name.eq_ignore_ascii_case(name));
            let value = values
                .next()
                .and_then(|header| str::from_utf8(header.value).ok());
            match (value, values.next()) {
                (Some(value), None) if right(value.trim()) => Ok(()),
                _ => Err(HandshakeError::Header(name)),
            }
        };
        is("Upgrade", &|value| value.eq_ignore_ascii_case("websocket"))?;
        is("Connection", &|value| {
            value
                .split(',')
                .any(|word| word.trim().eq_ignore_ascii_case("upgrade"))
        })?;
        is("Sec-WebSocket-Accept", &|value| {
            value == accept_key(&self.key)
        })?;
        let answers = |name| {
            let named = head
                .headers
                .iter()
                .filter(move |header| header.name.eq_ignore_ascii_case(name));
            named.map(|header| header.value)
        };
        // A server that names what we have not offered answers another request.
        if answers("Sec-WebSocket-Protocol").next().is_some() {
            return Err(HandshakeError::Header("Sec-WebSocket-Protocol"));
        }
        let mut extensions = answers("Sec-WebSocket-Extensions");
        let agreed = match (extensions.next(), extensions.next()) {
            (None, _) => None,
            (Some(answer), None) => {
                let answer = str::from_utf8(answer).ok();
                let agreed = self.offer.and_then(|offer| offer.agree(answer?));
                Some(agreed.ok_or(HandshakeError::Header("Sec-WebSocket-Extensions"))?)
            }
            _ => return Err(HandshakeError::Header("Sec-WebSocket-Extensions")),
        };
        Ok(Some((len, agreed)))
    }
}
