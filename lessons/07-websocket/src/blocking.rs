//! A [`Connection`] on a blocking stream: std's `TcpStream` in a thread, `may`'s in a
//! coroutine, or a Unix socket.
//!
//! This module only moves bytes. It asks nothing of a stream but `Read + Write`, so the
//! same code serves threads and coroutines.

use std::io::{self, Read, Write};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::{
    ClientHandshake, CloseCode, CloseFrame, Connection, Deflate, Event, HandshakeError,
    Limits, MAX_HEAD, Origins, ProtocolError, Refusal, Request,
};

/// The most bytes per read. Each connection keeps a buffer of this size while it waits.
const READ: usize = 16 * 1024;
/// How long a peer that keeps sending has to answer a close frame.
const CLOSE_WAIT: Duration = Duration::from_secs(5);

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

/// Why a connection failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The network failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The peer broke a rule, and has received a close frame that says which.
    #[error("the peer broke the protocol: {0}")]
    Protocol(#[from] ProtocolError),
    /// The request was not an acceptable handshake; the client has received the refusal.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// The server's response did not complete the handshake.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// The caller tried to send a message after a close frame.
    #[error(transparent)]
    Closing(#[from] crate::Closing),
}

/// A WebSocket over a blocking stream.
#[derive(Debug)]
pub struct WebSocket<S> {
    stream: S,
    connection: Connection,
    buffer: Vec<u8>,
    /// The part of `buffer` that has been read and not yet decoded.
    filled: std::ops::Range<usize>,
    closed: Option<CloseFrame>,
    /// The rule that the peer broke: every later read returns it again.
    broken: Option<ProtocolError>,
    /// Why the system could not make a random key for a frame. That frame is not sent.
    no_key: Arc<OnceLock<String>>,
}

impl<S: Read + Write> WebSocket<S> {
    /// Serves a client that has just connected: reads its request and answers it.
    ///
    /// # Errors
    /// Returns a network error, or a refusal, which the client has then received.
    pub fn accept(
        stream: S,
        origins: &Origins,
        limits: Limits,
    ) -> Result<(Self, Request), Error> {
        Self::accept_with(stream, origins, limits, None)
    }

    /// The same, with compression as `deflate` wishes if the client offers it.
    ///
    /// # Errors
    /// As [`WebSocket::accept`].
    pub fn accept_with(
        mut stream: S,
        origins: &Origins,
        limits: Limits,
        deflate: Option<Deflate>,
    ) -> Result<(Self, Request), Error> {
        let (outcome, rest) = read_head(&mut stream, |bytes| {
            // The origin is checked once the request is complete, before the response.
            match Request::parse(bytes) {
                Ok(Some((request, len))) => {
                    Some((request.check_origin(origins).map(|()| request), len))
                }
                Ok(None) => None,
                Err(refusal) => Some((Err(refusal), bytes.len())),
            }
        })?;
        let request = match outcome {
            Ok(request) => request,
            Err(refusal) => {
                stream.write_all(&refusal.response())?;
                stream.flush()?;
                return Err(refusal.into());
            }
        };
        let agreed = deflate.and_then(|wish| wish.answer(&request.extensions));
        stream.write_all(&request.response_with(None, agreed))?;
        stream.flush()?;
        let connection = with(Connection::server(limits), agreed);
        Ok((Self::new(stream, connection, rest, Arc::default()), request))
    }

    /// Asks the server at the other end of `stream` to become a WebSocket. `host` is its
    /// name, with its port.
    ///
    /// # Errors
    /// Returns a network error, or a [`HandshakeError`] for a response that does not
    /// accept *this* request.
    pub fn connect(
        stream: S,
        host: &str,
        path: &str,
        limits: Limits,
    ) -> Result<Self, Error> {
        Self::connect_with(stream, host, path, limits, None)
    }

    /// The same, and offers compression.
    ///
    /// # Errors
    /// As [`WebSocket::connect`].
    pub fn connect_with(
        mut stream: S,
        host: &str,
        path: &str,
        limits: Limits,
        deflate: Option<Deflate>,
    ) -> Result<Self, Error> {
        let mut handshake = ClientHandshake::new()?;
        if let Some(offer) = deflate {
            handshake = handshake.with_deflate(offer);
        }
        stream.write_all(&handshake.request(host, path, None))?;
        stream.flush()?;
        let (agreed, rest) =
            read_head(&mut stream, |bytes| match handshake.verify_with(bytes) {
                Ok(None) => None,
                Ok(Some((len, agreed))) => Some((Ok(agreed), len)),
                Err(error) => Some((Err(error), bytes.len())),
            })?;
        let agreed = agreed?;
        let no_key = Arc::default();
        let keys = random_keys(&no_key, getrandom::fill);
        let connection = with(Connection::client(limits, keys), agreed);
        Ok(Self::new(stream, connection, rest, no_key))
    }

    fn new(
        stream: S,
        connection: Connection,
        mut rest: Vec<u8>,
        no_key: Arc<OnceLock<String>>,
    ) -> Self {
        let filled = 0..rest.len();
        rest.resize(READ.max(rest.len()), 0);
        Self {
            stream,
            connection,
            buffer: rest,
            filled,
            closed: None,
            broken: None,
            no_key,
        }
    }

    // ANCHOR: read
    /// Waits for a message. Returns `None` after both sides have sent a close frame.
    /// Answers pings along the way.
    ///
    /// # Errors
    /// Returns a network error, including an EOF without a close frame, or the rule that
    /// the peer broke, which every later call returns too.
    pub fn read(&mut self) -> Result<Option<Message>, Error> {
        if let Some(error) = self.broken {
            return Err(error.into());
        }
        loop {
            let mut input = &mut self.buffer[self.filled.clone()];
            let event = self.connection.receive(&mut input);
            let left = input.len();
            let message = match event {
                Ok(Some(Event::Text(text))) => Some(Message::Text(text.into_owned())),
                Ok(Some(Event::Binary(bytes))) => {
                    Some(Message::Binary(bytes.into_owned()))
                }
                Ok(Some(Event::Close(frame))) => {
                    self.closed = frame;
                    None
                }
                Ok(_) => None,
                Err(error) => {
                    // The peer might be gone already; its broken rule is what to report.
                    let _ = self.flush();
                    self.broken = Some(error);
                    return Err(error.into());
                }
            };
            self.filled.start = self.filled.end - left;
            self.flush()?;
            if message.is_some() || self.connection.is_closed() {
                return Ok(message);
            }
            if left == 0 {
                let count = self.stream.read(&mut self.buffer)?;
                if count == 0 {
                    return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
                }
                self.filled = 0..count;
            }
        }
    }
    // ANCHOR_END: read

    /// Sends a message.
    ///
    /// # Errors
    /// Returns a network error, or [`Closing`](crate::Closing) after a close frame.
    pub fn send(&mut self, message: &Message) -> Result<(), Error> {
        match message {
            Message::Text(text) => self.connection.text(text)?,
            Message::Binary(bytes) => self.connection.binary(bytes)?,
        }
        Ok(self.flush()?)
    }

    /// Sends a ping. [`WebSocket::read`] consumes the pong.
    ///
    /// # Errors
    /// Fails as [`WebSocket::send`] does.
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.connection.ping(payload)?;
        Ok(self.flush()?)
    }

    /// Sends a close frame and waits for the peer's. Drops messages that still arrive,
    /// for five seconds: a peer that is still sending after that is not listening. To
    /// limit the wait for a peer that sends nothing at all, set a timeout on the
    /// [stream](Self::stream).
    ///
    /// # Errors
    /// Fails as [`WebSocket::read`] does, or with [`TimedOut`](io::ErrorKind::TimedOut).
    pub fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        self.close_by(Instant::now() + CLOSE_WAIT, code, reason)
    }

    fn close_by(
        &mut self,
        deadline: Instant,
        code: CloseCode,
        reason: &str,
    ) -> Result<(), Error> {
        self.connection.close(code, reason);
        self.flush()?;
        while self.read()?.is_some() {
            if Instant::now() >= deadline {
                return Err(io::Error::from(io::ErrorKind::TimedOut).into());
            }
        }
        Ok(())
    }

    /// Returns the peer's close frame, if it has sent one with a code.
    pub const fn close_frame(&self) -> Option<&CloseFrame> {
        self.closed.as_ref()
    }

    /// Returns the stream, so that the caller can set its timeouts.
    pub const fn stream(&self) -> &S {
        &self.stream
    }

    fn flush(&mut self) -> io::Result<()> {
        let output = self.connection.take_output();
        if output.is_empty() {
            return Ok(());
        }
        if let Some(error) = self.no_key.get() {
            return Err(io::Error::other(error.clone()));
        }
        self.stream.write_all(&output)?;
        self.stream.flush()
    }
}

fn with(connection: Connection, agreed: Option<Deflate>) -> Connection {
    match agreed {
        Some(agreed) => connection.with_deflate(agreed),
        None => connection,
    }
}

/// Reads until `parse` has found the headers, and returns the bytes read after them.
fn read_head<T>(
    stream: &mut impl Read,
    parse: impl Fn(&[u8]) -> Option<(T, usize)>,
) -> io::Result<(T, Vec<u8>)> {
    let (mut head, mut chunk) = (Vec::new(), [0; 1024]);
    loop {
        let count = stream.read(&mut chunk)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.extend_from_slice(&chunk[..count]);
        debug_assert!(
            head.len() <= MAX_HEAD + chunk.len(),
            "the parser refuses longer headers"
        );
        if let Some((parsed, len)) = parse(&head) {
            return Ok((parsed, head.split_off(len)));
        }
    }
}

/// Makes the keys to mask with. They have to be unpredictable (RFC 6455 §10.3), so there
/// is no substitute for the system's generator: if it fails, `no_key` says why, and the
/// frame that was masked without a key is not sent.
fn random_keys<E: std::fmt::Display>(
    no_key: &Arc<OnceLock<String>>,
    fill: impl Fn(&mut [u8]) -> Result<(), E> + Send + 'static,
) -> impl FnMut() -> [u8; 4] + Send + 'static {
    let no_key = no_key.clone();
    move || {
        let mut key = [0; 4];
        if let Err(error) = fill(&mut key) {
            let _ = no_key.set(format!("no random key: {error}"));
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A peer that sends the same frame again and again, and accepts every write.
    struct Repeats {
        frame: Vec<u8>,
        written: Vec<u8>,
    }

    impl Read for Repeats {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            buffer[..self.frame.len()].copy_from_slice(&self.frame);
            Ok(self.frame.len())
        }
    }

    impl Write for Repeats {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.written.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn client(frame: &[u8], works: bool) -> WebSocket<Repeats> {
        let (frame, written) = (frame.to_vec(), Vec::new());
        let no_key = Arc::default();
        let keys = random_keys(&no_key, move |key: &mut [u8]| {
            key.fill(1);
            if works {
                Ok(())
            } else {
                Err("the generator is broken")
            }
        });
        let connection = Connection::client(Limits::default(), keys);
        WebSocket::new(Repeats { frame, written }, connection, Vec::new(), no_key)
    }

    #[test]
    fn a_peer_that_only_sends_cannot_keep_us_from_closing() {
        let mut socket = client(b"\x81\x02hi", true);
        let closed = socket.close_by(Instant::now(), CloseCode::NORMAL, "");
        assert!(
            matches!(&closed, Err(Error::Io(error)) if error.kind() == io::ErrorKind::TimedOut),
            "{closed:?}"
        );
    }

    #[test]
    fn after_a_broken_rule_every_read_reports_it() {
        let mut socket = client(b"\x83\x00", true);
        for _ in 0..2 {
            assert!(matches!(socket.read(), Err(Error::Protocol(_))));
        }
    }

    #[test]
    fn without_a_random_key_nothing_is_sent() {
        let mut socket = client(b"", false);
        let sent = socket.send(&Message::Text("secret".into()));
        let error = sent.expect_err("there is no key").to_string();
        assert!(error.contains("the generator is broken"), "{error}");
        assert_eq!(socket.stream.written, b"");
    }
}
