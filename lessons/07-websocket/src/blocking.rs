//! A [`Connection`] on a stream that blocks: a `TcpStream` of std in a thread, one of may
//! in a coroutine, a Unix socket.
//!
//! All that is done here is to carry bytes. `Read + Write` is the whole of what a stream
//! must be able to do, so the same forty lines serve threads and coroutines.

use std::io::{self, Read, Write};

use crate::{
    ClientHandshake, CloseCode, CloseFrame, Connection, Event, HandshakeError, Limits,
    MAX_HEAD, Origins, ProtocolError, Refusal, Request,
};

/// What is read at once. A connection that waits holds this much.
const READ: usize = 16 * 1024;

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
    /// The network did.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The peer broke a rule, and was told so.
    #[error("the peer broke the protocol: {0}")]
    Protocol(#[from] ProtocolError),
    /// The request was no handshake that we take, and was answered.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// The server's answer made no WebSocket.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// A message was to be sent behind a close frame.
    #[error(transparent)]
    Closing(#[from] crate::Closing),
}

/// A WebSocket over a stream that blocks.
#[derive(Debug)]
pub struct WebSocket<S> {
    stream: S,
    connection: Connection,
    buffer: Vec<u8>,
    /// What of `buffer` has been read and not yet decoded.
    filled: std::ops::Range<usize>,
    closed: Option<CloseFrame>,
}

impl<S: Read + Write> WebSocket<S> {
    /// Serves a client that has just connected: reads its request and answers it.
    ///
    /// # Errors
    /// A network error, or a refusal, which the client has then been told.
    pub fn accept(
        mut stream: S,
        origins: &Origins,
        limits: Limits,
    ) -> Result<(Self, Request), Error> {
        let (outcome, rest) = read_head(&mut stream, |bytes| {
            // Checked once it is whole, and before it is answered.
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
        stream.write_all(&request.response(None))?;
        stream.flush()?;
        Ok((Self::new(stream, Connection::server(limits), rest), request))
    }

    /// Asks the server at the other end of `stream` to become a WebSocket. `host` is its
    /// name, with its port.
    ///
    /// # Errors
    /// A network error, or an answer that is no yes.
    pub fn connect(
        mut stream: S,
        host: &str,
        path: &str,
        limits: Limits,
    ) -> Result<Self, Error> {
        let handshake = ClientHandshake::new()?;
        stream.write_all(&handshake.request(host, path, None))?;
        stream.flush()?;
        let (verified, rest) =
            read_head(&mut stream, |bytes| match handshake.verify(bytes) {
                Ok(None) => None,
                Ok(Some(len)) => Some((Ok(()), len)),
                Err(error) => Some((Err(error), bytes.len())),
            })?;
        verified?;
        Ok(Self::new(
            stream,
            Connection::client(limits, random_key),
            rest,
        ))
    }

    fn new(stream: S, connection: Connection, mut rest: Vec<u8>) -> Self {
        let filled = 0..rest.len();
        rest.resize(READ.max(rest.len()), 0);
        Self {
            stream,
            connection,
            buffer: rest,
            filled,
            closed: None,
        }
    }

    // ANCHOR: read
    /// Waits for a message; `None` is the end, which both sides have agreed to. Pings are
    /// answered along the way.
    ///
    /// # Errors
    /// A network error, also that the peer hung up without a close frame; or a rule that
    /// it broke.
    pub fn read(&mut self) -> Result<Option<Message>, Error> {
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
                    // The peer may not take it any more; what it did wrong counts.
                    let _ = self.flush();
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
    /// A network error, or that the connection is closing.
    pub fn send(&mut self, message: &Message) -> Result<(), Error> {
        match message {
            Message::Text(text) => self.connection.text(text)?,
            Message::Binary(bytes) => self.connection.binary(bytes)?,
        }
        Ok(self.flush()?)
    }

    /// Asks whether the peer is there. Its pong is taken by [`WebSocket::read`].
    ///
    /// # Errors
    /// As [`WebSocket::send`].
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.connection.ping(payload)?;
        Ok(self.flush()?)
    }

    /// Says that we are done, and waits for the peer to say so too. Messages that still
    /// come are dropped.
    ///
    /// # Errors
    /// As [`WebSocket::read`].
    pub fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        self.connection.close(code, reason);
        self.flush()?;
        while self.read()?.is_some() {}
        Ok(())
    }

    /// What the peer said when it closed.
    pub const fn close_frame(&self) -> Option<&CloseFrame> {
        self.closed.as_ref()
    }

    /// The stream, for its timeouts.
    pub const fn stream(&self) -> &S {
        &self.stream
    }

    fn flush(&mut self) -> io::Result<()> {
        let output = self.connection.take_output();
        if output.is_empty() {
            return Ok(());
        }
        self.stream.write_all(&output)?;
        self.stream.flush()
    }
}

/// Reads until `parse` has found a head, and gives back what was read behind it.
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
            "a parser refuses what is longer"
        );
        if let Some((parsed, len)) = parse(&head) {
            return Ok((parsed, head.split_off(len)));
        }
    }
}

/// A key to mask with. Without a random number generator there would have been no
/// handshake either.
fn random_key() -> [u8; 4] {
    let mut key = [0; 4];
    if getrandom::fill(&mut key).is_err() {
        key = std::process::id().to_ne_bytes();
    }
    key
}
