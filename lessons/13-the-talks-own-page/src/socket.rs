//! A WebSocket with a session of old times on it: lesson 07's connection, which does no
//! I/O, between tokio's stream and a seat.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use engine_io::CloseReason;
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf,
};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout, timeout_at};
use websocket::{CloseCode, CloseFrame, Connection, Event, Limits, OpCode, encode_frame};

use crate::machine::Piece;
use crate::seat::{Nothing, Seat};
use crate::v3::{from_text, to_base64};

/// How long a connection that ends may take for the closing handshake.
const LINGER: Duration = Duration::from_secs(5);
const READ_BUFFER: usize = 4096;

/// The half that reads.
pub(crate) struct Reader<IO> {
    io: ReadHalf<IO>,
    connection: Connection,
    /// Read, and not yet decoded.
    rest: BytesMut,
}

/// The half that writes, for frames of the session and for pongs.
pub(crate) struct Writer<IO> {
    io: Mutex<WriteHalf<IO>>,
    /// How long one write may take.
    patience: Duration,
    /// The client wants bytes as text.
    base64: bool,
}

/// Takes a connection after its handshake apart.
pub(crate) fn split<IO: AsyncRead + AsyncWrite>(
    io: IO,
    config: &engine_io::Config,
    base64: bool,
) -> (Reader<IO>, Writer<IO>) {
    let (input, output) = tokio::io::split(io);
    let reader = Reader {
        io: input,
        connection: Connection::server(Limits {
            max_message: config.max_payload,
            max_fragments: config.max_fragments,
        }),
        rest: BytesMut::new(),
    };
    let writer = Writer {
        io: Mutex::new(output),
        patience: config.ping_interval + config.ping_timeout,
        base64,
    };
    (reader, writer)
}

impl<IO: AsyncRead + AsyncWrite> Reader<IO> {
    /// Reads a message. `None` is the end.
    pub(crate) async fn read(
        &mut self,
        writer: &Writer<IO>,
    ) -> io::Result<Option<Piece>> {
        loop {
            let before = self.rest.len();
            let mut input = &mut self.rest[..];
            let event = match self.connection.receive(&mut input) {
                Ok(Some(Event::Text(text))) => Some(from_text(&text).ok()),
                Ok(Some(Event::Binary(bytes))) => {
                    Some(Some(Piece::Binary(bytes.into_owned().into())))
                }
                Ok(_) => None,
                Err(error) => {
                    let answer = self.connection.take_output();
                    writer.write_all(&answer).await?;
                    return Err(io::Error::other(error));
                }
            };
            let used = before - input.len();
            let _ = self.rest.split_to(used);
            // Pongs, and the answer to a close frame.
            let answer = self.connection.take_output();
            if !answer.is_empty() {
                writer.write_all(&answer).await?;
            }
            if let Some(piece) = event {
                let invalid = || io::Error::other("a binary packet that is not base64");
                return piece.ok_or_else(invalid).map(Some);
            }
            if self.connection.is_closed() {
                return Ok(None);
            }
            if used == 0 {
                self.rest.reserve(READ_BUFFER);
                if self.io.read_buf(&mut self.rest).await? == 0 {
                    return Ok(None);
                }
            }
        }
    }

    /// Reads on until the client has closed too: bytes that nobody reads would reset the
    /// connection, and the client would lose what it was sent last.
    async fn linger(&mut self) {
        let mut buffer = [0; 512];
        let rest = async { while matches!(self.io.read(&mut buffer).await, Ok(1..)) {} };
        let _ = timeout(LINGER, rest).await;
    }
}

impl<IO: AsyncRead + AsyncWrite> Writer<IO> {
    async fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        let deadline = Instant::now() + self.patience;
        let written = timeout_at(deadline, async {
            let mut io = self.io.lock().await;
            io.write_all(bytes).await?;
            io.flush().await
        });
        written.await.unwrap_or(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Writes packets, a message each.
    pub(crate) async fn write(&self, pieces: &[Piece]) -> io::Result<()> {
        let mut frames = Vec::new();
        for piece in pieces {
            frames.extend_from_slice(&match piece {
                Piece::Text(text) => encode_frame(OpCode::Text, text.as_bytes()),
                Piece::Binary(bytes) if self.base64 => {
                    encode_frame(OpCode::Text, to_base64(bytes).as_bytes())
                }
                Piece::Binary(bytes) => encode_frame(OpCode::Binary, bytes),
            });
        }
        self.write_all(&frames).await
    }

    /// Ends the stream, after a close frame unless there has been one.
    async fn close(&self, said: bool) -> io::Result<()> {
        if !said {
            let frame = CloseFrame {
                code: CloseCode::NORMAL,
                reason: String::new(),
            };
            self.write_all(&encode_frame(OpCode::Close, &frame.encode()))
                .await?;
        }
        let shut_down = async { self.io.lock().await.shutdown().await };
        timeout(LINGER, shut_down)
            .await
            .unwrap_or(Err(io::ErrorKind::TimedOut.into()))
    }
}

/// Carries a session until it or the connection ends.
pub(crate) async fn carry<IO: AsyncRead + AsyncWrite>(
    seat: &Seat,
    mut reader: Reader<IO>,
    writer: Writer<IO>,
) {
    let turn = seat.take_turn().await;
    let writing = async {
        loop {
            match turn.next(None).await {
                Ok(Some(pieces)) => {
                    if writer.write(&pieces).await.is_err() {
                        return CloseReason::TransportError;
                    }
                }
                Ok(None) => {
                    let _ = writer.write(&[seat.last()]).await;
                    return CloseReason::Forced;
                }
                Err(Nothing::Late | Nothing::Replaced) => {
                    return CloseReason::TransportClose;
                }
            }
        }
    };
    let reading = async {
        loop {
            match reader.read(&writer).await {
                Ok(Some(piece)) => {
                    if !seat.receive(&[piece]).await {
                        return CloseReason::ParseError;
                    }
                }
                Ok(None) => return CloseReason::TransportClose,
                Err(_) => return CloseReason::TransportError,
            }
        }
    };
    let reason = tokio::select! {
        reason = writing => reason,
        reason = reading => reason,
    };
    seat.close(reason);
    close(reader, writer).await;
}

/// Closes a connection that carries nothing.
pub(crate) async fn close<IO: AsyncRead + AsyncWrite>(
    mut reader: Reader<IO>,
    writer: Writer<IO>,
) {
    // The connection has answered the client's close frame by itself, or its mistake.
    let said = reader.connection.is_closed();
    if writer.close(said).await.is_ok() {
        reader.linger().await;
    }
}

/// Closes a connection after one packet.
pub(crate) async fn refuse<IO: AsyncRead + AsyncWrite>(
    reader: Reader<IO>,
    writer: Writer<IO>,
    packet: Piece,
) {
    if writer.write(&[packet]).await.is_ok() {
        close(reader, writer).await;
    }
}
