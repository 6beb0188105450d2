//! The WebSocket below a client: lesson 07's values, over any stream that tokio can read
//! and write.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use websocket::{ClientHandshake, CloseCode, Connection, Event};

use super::config::Config;
use crate::wire::outgoing::EncodedPacket;

/// Bytes that are encoded before the last ones are written.
const BATCH: usize = 64 << 10;
/// Pings of the WebSocket that are read before their pongs are written.
const MAX_PONGS: usize = 64;
/// How long the closing handshake may take.
const LINGER: Duration = Duration::from_secs(5);

/// A connection that bytes go through.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// A stream after the opening handshake, and the bytes that came right behind it.
pub(crate) struct Dialed {
    pub(crate) stream: Box<dyn ByteStream>,
    pub(crate) early: Vec<u8>,
}

/// Makes a client's connections. The error is for people.
pub(crate) type Dial = Box<
    dyn Fn() -> Pin<Box<dyn Future<Output = Result<Dialed, String>> + Send>>
        + Send
        + Sync,
>;

/// The address of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// As it is written in the `Host` header.
    pub(crate) authority: String,
}

impl Address {
    /// Reads `http://host:port` and `ws://host:port`.
    pub(crate) fn parse(url: &str) -> Result<Self, &'static str> {
        let rest = ["http://", "ws://"]
            .iter()
            .find_map(|scheme| url.strip_prefix(scheme))
            .ok_or("the URL does not start with http:// or ws://")?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#', '@']) {
            return Err("the URL has more than a host and a port");
        }
        if authority
            .chars()
            .any(|c| c.is_control() || c.is_whitespace())
        {
            return Err("the URL is not one");
        }
        let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if is_port(port) => {
                (host, port.parse().map_err(|_| "the port is out of range")?)
            }
            _ => (authority, 80),
        };
        let inside = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        let host = inside.unwrap_or(host);
        if host.is_empty() {
            return Err("the URL has no host");
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            authority: authority.to_owned(),
        })
    }

    pub(crate) async fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect((&*self.host, self.port)).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// Asks for a WebSocket on a stream that speaks HTTP.
pub(crate) async fn handshake(
    mut stream: Box<dyn ByteStream>,
    authority: &str,
    config: &Config,
) -> Result<Dialed, String> {
    let handshake = ClientHandshake::new().map_err(|error| error.to_string())?;
    let separator = if config.query.is_empty() { "" } else { "&" };
    let path = format!(
        "{}?EIO=4&transport=websocket{separator}{}",
        config.path, config.query
    );
    let mut request = handshake.request(authority, &path, None);
    // The request ends with an empty line: more headers go in front of it.
    request.truncate(request.len() - 2);
    for (name, value) in &config.headers {
        request.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    request.extend_from_slice(b"\r\n");
    let exchange = async {
        stream.write_all(&request).await?;
        let mut response = Vec::new();
        loop {
            match handshake.verify(&response) {
                Ok(Some(len)) => return Ok(response.split_off(len)),
                Ok(None) => {}
                Err(error) => return Err(io::Error::other(error)),
            }
            if stream.read_buf(&mut response).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    };
    let early = exchange.await.map_err(|error| error.to_string())?;
    Ok(Dialed { stream, early })
}

/// Whether a query, a path or a header can be written into a request as it is.
pub(crate) fn is_plain(config: &Config) -> bool {
    let visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    let name = |text: &str| !text.is_empty() && visible(text) && !text.contains(':');
    let value = |text: &str| !text.chars().any(char::is_control);
    let headers = &config.headers;
    config.path.starts_with('/')
        && visible(&config.path)
        && visible(&config.query)
        && headers.iter().all(|(n, v)| name(n) && value(v))
}

/// Frames on their way in and out, between two calls to the stream.
pub(crate) struct Frames {
    connection: Connection,
    output: Vec<u8>,
    /// Bytes of `output` that are written.
    written: usize,
    /// Bytes that were read, and not yet decoded.
    pub(crate) input: Vec<u8>,
    /// Pongs that wait in the connection for `output` to be written.
    pongs: usize,
}

/// A message from the server, or its end.
pub(crate) enum Received<'a> {
    Text(&'a str),
    Binary(Bytes),
    Close,
    /// It broke a rule of WebSocket.
    Broken,
}

impl Frames {
    pub(crate) fn new(max_message: usize, early: Vec<u8>) -> Self {
        let limits = websocket::Limits {
            max_message,
            ..websocket::Limits::default()
        };
        Self {
            connection: Connection::client(limits, random_key),
            output: Vec::new(),
            written: 0,
            input: early,
            pongs: 0,
        }
    }

    /// The bytes to write next.
    pub(crate) fn output(&self) -> &[u8] {
        &self.output[self.written..]
    }

    pub(crate) fn wrote(&mut self, len: usize) {
        self.written += len;
    }

    /// Whether more may be read: a server that pings and does not read its pongs must
    /// wait.
    pub(crate) fn may_read(&self) -> bool {
        self.pongs < MAX_PONGS
    }

    /// If all is written, encodes the next packets.
    pub(crate) fn fill(&mut self, mut next: impl FnMut() -> Option<EncodedPacket>) {
        if !self.output().is_empty() {
            return;
        }
        let mut taken = 0;
        while taken < BATCH
            && let Some(packet) = next()
        {
            taken += packet.size();
            for message in packet.messages() {
                let payload = message.payload();
                // An error says that the server has closed; so will the next read.
                let _ = match std::str::from_utf8(payload) {
                    Ok(text) if !message.is_binary() => self.connection.text(text),
                    _ => self.connection.binary(payload),
                };
            }
        }
        self.output = self.connection.take_output();
        self.written = 0;
        self.pongs = 0;
    }

    /// Decodes what was read, and calls `handle` with each message until it returns
    /// `false`. The rest stays for the next call.
    pub(crate) fn decode(&mut self, mut handle: impl FnMut(Received<'_>) -> bool) {
        let mut bytes = std::mem::take(&mut self.input);
        let len = bytes.len();
        let mut input = bytes.as_mut_slice();
        let mut goes_on = true;
        while goes_on {
            let received = match self.connection.receive(&mut input) {
                Ok(None) => break,
                Ok(Some(Event::Text(text))) => {
                    goes_on = handle(Received::Text(&text));
                    continue;
                }
                Ok(Some(Event::Binary(bytes))) => {
                    Received::Binary(bytes.into_owned().into())
                }
                Ok(Some(Event::Ping(_))) => {
                    self.pongs += 1;
                    continue;
                }
                Ok(Some(Event::Pong(_))) => continue,
                Ok(Some(Event::Close(_))) => Received::Close,
                Err(_) => Received::Broken,
            };
            goes_on = handle(received);
        }
        let rest = input.len();
        self.input = bytes.split_off(len - rest);
    }

    /// Writes what is left, says goodbye, and waits for the server to do the same.
    pub(crate) async fn finish(mut self, stream: &mut impl ByteStream) {
        let farewell = async {
            stream.write_all(self.output()).await?;
            self.connection.close(CloseCode::NORMAL, "");
            stream.write_all(&self.connection.take_output()).await?;
            let mut buffer = [0; 4096];
            while !self.connection.is_closed() {
                let len = stream.read(&mut buffer).await?;
                let mut input = &mut buffer[..len];
                while let Ok(Some(_)) = self.connection.receive(&mut input) {}
                if len == 0 {
                    break;
                }
            }
            stream.shutdown().await
        };
        // The server may be gone already, or have nothing to say.
        let _ = timeout(LINGER, farewell).await;
    }
}

/// A key to mask a frame with, from the system's random source.
///
/// # Panics
/// If the system has no random source.
fn random_key() -> [u8; 4] {
    let mut key = [0; 4];
    getrandom::fill(&mut key).expect("the system's random source answers");
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_by_scheme_host_and_port() {
        let address =
            |url| Address::parse(url).map(|it| (it.host, it.port, it.authority));
        for (url, host, port, authority) in [
            ("http://localhost:5000", "localhost", 5000, "localhost:5000"),
            ("ws://chat.example/", "chat.example", 80, "chat.example"),
            ("http://[::1]:3000", "::1", 3000, "[::1]:3000"),
            ("http://[::1]", "::1", 80, "[::1]"),
        ] {
            let wanted = (host.to_owned(), port, authority.to_owned());
            assert_eq!(address(url), Ok(wanted), "{url}");
        }
        for url in [
            "localhost:5000",
            "https://chat.example",
            "http://",
            "http://:80",
            "http://host:99999",
            "http://host/chat",
            "http://user@host",
            "http://ho st",
            "http://host\r\nx: y",
        ] {
            assert!(address(url).is_err(), "{url}");
        }
    }

    #[test]
    fn headers_that_would_break_the_request_are_found() {
        let with = |name: &str, value: &str| Config {
            headers: vec![(name.into(), value.into())],
            ..Config::default()
        };
        assert!(is_plain(&with("Cookie", "user=ann; b=c")));
        for (name, value) in [("", "x"), ("a b", "x"), ("a:", "x"), ("a", "x\r\nb: c")] {
            assert!(!is_plain(&with(name, value)), "{name:?}: {value:?}");
        }
        let query = "a=b c".to_owned();
        assert!(!is_plain(&Config {
            query,
            ..Config::default()
        }));
    }

    #[test]
    fn what_is_not_decoded_yet_waits() {
        let mut early = websocket::encode_frame(websocket::OpCode::Text, b"one").to_vec();
        early.extend_from_slice(b"\x89\x00");
        early
            .extend_from_slice(&websocket::encode_frame(websocket::OpCode::Text, b"two"));
        let mut frames = Frames::new(100, early);
        let mut texts = Vec::new();
        for _ in 0..3 {
            frames.decode(|received| {
                if let Received::Text(text) = received {
                    texts.push(text.to_owned());
                }
                false
            });
            texts.push("|".into());
        }
        assert_eq!(texts, ["one", "|", "two", "|", "|"]);
        frames.fill(|| None);
        assert_eq!(frames.output()[0], 0x8A, "the pong");
    }

    #[test]
    fn a_server_that_pings_and_does_not_read_must_wait() {
        let mut frames = Frames::new(100, b"\x89\x00".repeat(MAX_PONGS));
        frames.decode(|_| true);
        assert!(!frames.may_read());
        frames.fill(|| None);
        assert!(frames.may_read());
    }
}
