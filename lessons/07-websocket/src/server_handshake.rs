//! The server's half of the opening handshake: reads a request, and answers it with 101
//! or with the reason for a refusal (RFC 6455 §4.2).
//!
//! The request can come from anyone. So the number of bytes that are read before the
//! request is complete has a limit, and every refusal is an HTTP response that says what
//! was wrong.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::{Deflate, accept_key};

/// The most bytes of request line and headers that are read.
pub const MAX_HEAD: usize = 8 * 1024;
/// The most header lines in a request.
const MAX_HEADERS: usize = 64;

/// Which pages are allowed to connect (RFC 6455 §10.2). A browser reports in `Origin`
/// which site the page came from, and can send the user's cookies along: without this
/// check any page on the web could act as the user. Programs that are not browsers send
/// no `Origin`, and are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Pages from the host and port that the request names.
    Same,
    /// Pages of these origins, spelled as in browsers: `https://example.org`.
    Listed(Vec<String>),
    /// All pages. Right for a public feed without users.
    Any,
}

/// A request to become a WebSocket that has passed every check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The path with its query: `/chat?room=tea`.
    pub path: String,
    /// The host that the client asked for, with its port if it is not the default.
    pub host: String,
    /// Where the page came from; `None` for programs that are not browsers.
    pub origin: Option<String>,
    /// The application's protocols that the client offers, in its order (§1.9).
    pub protocols: Vec<String>,
    /// The extensions that the client offers, as it wrote them (§9.1).
    pub extensions: String,
    key: String,
}

/// Why a request does not become a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Status 400: not HTTP/1.1, or a handshake with a missing or invalid header.
    #[error("400 Bad Request: {0}")]
    BadRequest(&'static str),
    /// Status 403: a page of another origin.
    #[error("403 Forbidden: pages of {0} are not allowed to connect")]
    Forbidden(String),
    /// Status 405: a method other than GET.
    #[error("405 Method Not Allowed: a WebSocket handshake is a GET request")]
    MethodNotAllowed,
    /// Status 426: a plain request, or another version of the protocol. The slide's
    /// "upgrade required".
    #[error("426 Upgrade Required: {0}")]
    UpgradeRequired(&'static str),
    /// Status 431: more than [`MAX_HEAD`] bytes.
    #[error("431 Request Header Fields Too Large: the limit is {MAX_HEAD} bytes")]
    HeadTooLarge,
}

impl Refusal {
    /// Returns the status of the response.
    pub fn status(&self) -> u16 {
        match self {
            Self::BadRequest(_) => 400,
            Self::Forbidden(_) => 403,
            Self::MethodNotAllowed => 405,
            Self::UpgradeRequired(_) => 426,
            Self::HeadTooLarge => 431,
        }
    }

    /// Returns the whole response. The server closes the connection after it.
    pub fn response(&self) -> Vec<u8> {
        let text = self.to_string();
        let (status, why) = text.split_once(": ").unwrap_or((&text, ""));
        // `Upgrade` is for this connection alone, so `Connection` has to name it (RFC
        // 9110 §7.8).
        let more = match self {
            Self::UpgradeRequired(_) => {
                "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            }
            Self::MethodNotAllowed => "Allow: GET\r\n",
            _ => "",
        };
        // An origin is the client's text, and can contain bytes that a header must not.
        // So it goes only into the body.
        format!(
            "HTTP/1.1 {status}\r\n{more}Connection: close\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Length: {}\r\n\r\n{why}\n",
            why.len() + 1
        )
        .into_bytes()
    }
}

impl Request {
    /// Reads a request from the front of `bytes`. Returns it with its length in bytes, or
    /// `None` while more bytes are needed.
    ///
    /// # Errors
    /// Returns the refusal that answers the request.
    ///
    /// ```
    /// let bytes = b"GET /chat HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    ///     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    /// let (request, len) = websocket::Request::parse(bytes)?.expect("it is whole");
    /// assert_eq!((request.path.as_str(), len), ("/chat", bytes.len()));
    /// assert!(request.response(None).starts_with(b"HTTP/1.1 101 "));
    /// # Ok::<(), websocket::Refusal>(())
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, Refusal> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Request::new(&mut headers);
        let len = match head.parse(&bytes[..bytes.len().min(MAX_HEAD)]) {
            Ok(httparse::Status::Complete(len)) => len,
            Ok(httparse::Status::Partial) if bytes.len() >= MAX_HEAD => {
                return Err(Refusal::HeadTooLarge);
            }
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => return Err(Refusal::HeadTooLarge),
            Err(_) => return Err(Refusal::BadRequest("this is not an HTTP request")),
        };
        let version = head.version.unwrap_or_default();
        let (method, path) = (head.method.unwrap_or(""), head.path.unwrap_or("/"));
        let headers: Vec<_> = head.headers.iter().map(|h| (h.name, h.value)).collect();
        Self::check(method, version, path, &headers).map(|request| Some((request, len)))
    }

    // ANCHOR: check
    /// Checks a request that any server has parsed against the rules of §4.2.1, the most
    /// informative refusal first. `version` is the minor version, the last 1 of HTTP/1.1.
    ///
    /// # Errors
    /// Returns the refusal that answers the request.
    pub fn check(
        method: &str,
        version: u8,
        path: &str,
        head: &[(&str, &[u8])],
    ) -> Result<Self, Refusal> {
        if method != "GET" {
            return Err(Refusal::MethodNotAllowed);
        }
        if version != 1 {
            return Err(Refusal::BadRequest("a WebSocket handshake needs HTTP/1.1"));
        }
        if !lists(head, "Upgrade", "websocket")? || !lists(head, "Connection", "Upgrade")?
        {
            return Err(Refusal::UpgradeRequired(
                "this address speaks only WebSocket",
            ));
        }
        if only(head, "Sec-WebSocket-Version")? != Some("13") {
            return Err(Refusal::UpgradeRequired("this server speaks version 13"));
        }
        let key = only(head, "Sec-WebSocket-Key")?
            .ok_or(Refusal::BadRequest("Sec-WebSocket-Key is missing"))?;
        if !matches!(STANDARD.decode(key), Ok(nonce) if nonce.len() == 16) {
            return Err(Refusal::BadRequest(
                "Sec-WebSocket-Key is not 16 bytes in base64",
            ));
        }
        let host = only(head, "Host")?.ok_or(Refusal::BadRequest("Host is missing"))?;
        let extensions =
            all(head, "Sec-WebSocket-Extensions").collect::<Result<Vec<_>, _>>()?;
        let protocols =
            all(head, "Sec-WebSocket-Protocol").collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            path: path.to_owned(),
            host: host.to_owned(),
            origin: only(head, "Origin")?.map(str::to_owned),
            protocols: protocols
                .iter()
                .flat_map(|list| list.split(','))
                .map(|name| name.trim().to_owned())
                .collect(),
            extensions: extensions.join(","),
            key: key.to_owned(),
        })
    }
    // ANCHOR_END: check

    /// Returns the `Sec-WebSocket-Accept` that the response must have.
    pub fn accept(&self) -> String {
        accept_key(&self.key)
    }

    /// Checks whether the page is allowed to connect.
    ///
    /// # Errors
    /// Returns [`Refusal::Forbidden`] if it is not.
    pub fn check_origin(&self, allowed: &Origins) -> Result<(), Refusal> {
        let Some(origin) = &self.origin else {
            return Ok(());
        };
        let is_allowed = match allowed {
            Origins::Any => true,
            Origins::Listed(list) => list
                .iter()
                .any(|listed| listed.eq_ignore_ascii_case(origin)),
            Origins::Same => origin
                .split_once("://")
                .is_some_and(|(_, host)| host.eq_ignore_ascii_case(&self.host)),
        };
        if is_allowed {
            Ok(())
        } else {
            Err(Refusal::Forbidden(origin.clone()))
        }
    }

    /// Returns the response that makes the connection a WebSocket (§4.2.2), with the
    /// application's protocol that the server chose, if the client offered it.
    pub fn response(&self, protocol: Option<&str>) -> Vec<u8> {
        self.response_with(protocol, None)
    }

    /// The same with the compression that was agreed on.
    ///
    /// ```
    /// # let bytes = b"GET /chat HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    /// #   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    /// #   Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    /// # let (request, _) = websocket::Request::parse(bytes)?.expect("it is whole");
    /// let agreed = websocket::Deflate::NO_CONTEXT.answer(&request.extensions);
    /// let response = request.response_with(None, agreed);
    /// # let response = String::from_utf8_lossy(&response);
    /// assert!(response.contains("\r\nSec-WebSocket-Extensions: permessage-deflate; server_no"));
    /// # Ok::<(), websocket::Refusal>(())
    /// ```
    pub fn response_with(
        &self,
        protocol: Option<&str>,
        deflate: Option<Deflate>,
    ) -> Vec<u8> {
        let mut response = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n",
            self.accept()
        );
        // A client fails the connection if the response names a protocol that it did not
        // offer.
        if let Some(protocol) = protocol
            .filter(|chosen| self.protocols.iter().any(|offered| offered == chosen))
        {
            let _ = write!(response, "Sec-WebSocket-Protocol: {protocol}\r\n");
        }
        if let Some(deflate) = deflate {
            let _ = write!(response, "Sec-WebSocket-Extensions: {deflate}\r\n");
        }
        response += "\r\n";
        response.into_bytes()
    }
}

/// Returns the values of all headers called `name`.
fn all<'a>(
    head: &[(&str, &'a [u8])],
    name: &str,
) -> impl Iterator<Item = Result<&'a str, Refusal>> {
    head.iter()
        .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| {
            str::from_utf8(value)
                .map(str::trim)
                .map_err(|_| Refusal::BadRequest("a header is not valid UTF-8"))
        })
}

/// Returns the value of a header that must not appear twice: two programs on the way
/// might each use a different one.
fn only<'a>(head: &[(&str, &'a [u8])], name: &str) -> Result<Option<&'a str>, Refusal> {
    let mut values = all(head, name);
    let value = values.next().transpose()?;
    match values.next() {
        None => Ok(value),
        Some(_) => Err(Refusal::BadRequest("a header appears twice")),
    }
}

/// Returns whether a comma-separated list contains `word`, as `Connection: keep-alive,
/// Upgrade` does.
fn lists(head: &[(&str, &[u8])], name: &str, word: &str) -> Result<bool, Refusal> {
    for list in all(head, name) {
        if list?
            .split(',')
            .any(|one| one.trim().eq_ignore_ascii_case(word))
        {
            return Ok(true);
        }
    }
    Ok(false)
}
