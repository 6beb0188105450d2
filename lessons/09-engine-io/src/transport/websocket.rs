//! The WebSocket transport: one task per connection, on lesson 07's frames.
//!
//! The task reads into a buffer on its stack, so that an idle connection owns none, and
//! hands each message to the application while it is still in there. It writes the frames
//! that the session has queued, up to [`BATCH`] in one system call; their sender encoded
//! them, perhaps for a thousand connections at once.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Sleep, sleep, timeout};
use websocket::{
    CloseCode, CloseFrame, Decoder, Deflate, Event, Limits, OpCode, ProtocolError, Role,
    encode_frame,
};

use crate::compression::{MAX_DEFLATED, OFF, PerMessageDeflate};
use crate::config::{Config, Transport};
use crate::machine::{CloseReason, Machine, Probe};
use crate::packet::{EncodedMessage, Message, Packet};
use crate::session::{Receiver, Session, now};

/// Frames in one write: enough that a busy connection needs few system calls.
const BATCH: usize = 64;
/// The read buffer on the stack, in bytes.
const READ_BUFFER: usize = 16 * 1024;
/// Packets handled in one turn, before other tasks get theirs: a read buffer holds
/// thousands of small ones, and each may be work for the application.
const PACKETS: u32 = 64;
/// With compression a few bytes become many: as many bytes of a message count as much as
/// a packet.
const INFLATED: usize = 1024;
/// A queue that grew beyond this many packets gives its memory back when it is empty.
const KEEP_CAPACITY: usize = 64;
/// Bytes of pongs that wait for a client to read.
const MAX_CONTROL: usize = 1024;
/// How long a connection that ends may take for the closing handshake.
const LINGER: Duration = Duration::from_secs(5);

/// Why the task ends.
enum End {
    /// Send a close frame with this code and reason, and wait for the client's.
    Close(CloseCode, &'static str),
    /// The client has sent its close frame; answer with this code.
    Answer(CloseCode),
    /// The connection is dead, or its client is to be cut off.
    Gone,
}

/// A session and the WebSocket that carries it, or that is on trial.
pub(crate) struct Connection<IO> {
    io: IO,
    decoder: Decoder,
    session: Session,
    /// `None` for a session that has ended already.
    receiver: Option<Arc<dyn Receiver>>,
    /// Still on trial, until then: packets go to the probe, and nothing of the session is
    /// written here.
    trial: Option<Pin<Box<Sleep>>>,
    /// Taken from the session, not yet written; of the first, `written` bytes are.
    batch: VecDeque<EncodedMessage>,
    written: usize,
    /// Written, but not yet given back to the session's budget.
    unaccounted: usize,
    /// Frames of the transport's own, pongs and `3probe`: they go first at the next
    /// frame boundary.
    control: Vec<u8>,
    /// Bytes that were read and not yet decoded: the turn was over, or the session
    /// paused. Usually empty.
    rest: Vec<u8>,
    /// Packets that this turn may still handle.
    turn: u32,
    /// Messages of as many bytes are sent compressed, or [`OFF`].
    threshold: u32,
    /// How the connection ends once what is queued has been written. Nothing more is
    /// read.
    end: Option<End>,
}

/// Sends the close frame and, with a decoder, waits for the client's, or for its end: a
/// socket that is closed while bytes are unread resets the connection, and the client
/// would lose what it was sent last. The server then closes first (RFC 6455 §7.1.1).
async fn close_handshake(
    io: &mut (impl AsyncRead + AsyncWrite + Unpin),
    frame: Bytes,
    decoder: Option<&mut Decoder>,
) -> io::Result<()> {
    io.write_all(&frame).await?;
    io.shutdown().await?;
    let Some(decoder) = decoder else {
        return Ok(());
    };
    let mut buffer = [0; 512];
    loop {
        let len = io.read(&mut buffer).await?;
        let mut input = &mut buffer[..len];
        while let Ok(Some(event)) = decoder.decode(&mut input) {
            if let Event::Close(_) = event {
                return Ok(());
            }
        }
        if len == 0 {
            return Ok(());
        }
    }
}

/// Rejects a connection that has already been upgraded: a close frame and no more.
pub(crate) async fn reject(mut io: impl AsyncRead + AsyncWrite + Unpin) {
    let mut decoder = Decoder::new(Role::Server, Limits::default());
    let frame = close_frame(CloseCode::NORMAL, "");
    let handshake = close_handshake(&mut io, frame, Some(&mut decoder));
    let _ = timeout(LINGER, handshake).await;
}

/// How many packets a message counts for, beside itself.
fn packets_in(event: &Event<'_>) -> u32 {
    let len = match event {
        Event::Text(text) => text.len(),
        Event::Binary(bytes) => bytes.len(),
        _ => 0,
    };
    u32::try_from(len / INFLATED).unwrap_or(u32::MAX)
}

fn close_frame(code: CloseCode, reason: &str) -> Bytes {
    encode_frame(
        OpCode::Close,
        &CloseFrame {
            code,
            reason: reason.to_owned(),
        }
        .encode(),
    )
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Connection<IO> {
    /// A connection that carries `session`, or, with `probing`, one that wants to take it
    /// over from polling within [`Config::upgrade_timeout`]. `early` is what the client
    /// sent after its request; `deflate` says that compression was agreed on.
    pub(crate) fn new(
        io: IO,
        early: &[u8],
        session: Session,
        config: &Config,
        probing: bool,
        deflate: bool,
    ) -> Self {
        let limits = Limits {
            max_message: config.max_payload,
            max_fragments: config.max_fragments,
        };
        let deflate = config.per_message_deflate.filter(|_| deflate);
        let mut decoder = Decoder::new(Role::Server, limits);
        if deflate.is_some() {
            decoder = decoder.with_deflate(Deflate::NO_CONTEXT);
        }
        Self {
            io,
            decoder,
            receiver: session.receiver(),
            session,
            trial: probing.then(|| Box::pin(sleep(config.upgrade_timeout))),
            batch: VecDeque::new(),
            written: 0,
            unaccounted: 0,
            control: Vec::new(),
            // Copied, and usually nothing: as a part of it, it would keep the whole buffer
            // that the request was read into.
            rest: early.to_vec(),
            turn: 0,
            threshold: deflate.map_or(OFF, PerMessageDeflate::threshold),
            end: None,
        }
    }

    /// Carries the session until it or the connection ends.
    pub(crate) async fn run(&mut self) {
        let end = poll_fn(|cx| self.poll(cx)).await;
        // Boxed, so that an idle connection does not contain a timer.
        Box::pin(self.finish(end)).await;
    }

    /// Leaves the session, and closes the connection as `end` says.
    async fn finish(&mut self, end: End) {
        if self.is_probing() {
            self.session.with(Machine::probe_ended);
        } else {
            self.session.with(|machine| {
                machine.close(now(), CloseReason::TransportClose);
                machine.writer_ended();
            });
        }
        let (frame, decoder) = match end {
            End::Gone => return,
            End::Close(code, reason) => {
                (close_frame(code, reason), Some(&mut self.decoder))
            }
            End::Answer(code) => (close_frame(code, ""), None),
        };
        // In the middle of a frame a close frame would be read as its contents.
        let frame = match self.written {
            0 => Bytes::from([&self.control[..], &frame].concat()),
            _ => Bytes::new(),
        };
        let handshake = close_handshake(&mut self.io, frame, decoder);
        let _ = timeout(LINGER, handshake).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        if self.end.is_none()
            && (self.is_probing() || !self.session.is_closed())
            && let Poll::Ready(end) = self.poll_read(cx)
        {
            if let End::Gone = end {
                return Poll::Ready(end);
            }
            // The answers to earlier messages of the same read are queued, and go first.
            self.end = Some(end);
        }
        if let Poll::Ready(end) = self.poll_write(cx) {
            return Poll::Ready(end);
        }
        if let Some(trial) = &mut self.trial {
            ready!(trial.as_mut().poll(cx));
            let end = End::Close(CloseCode::NORMAL, "upgrade timeout");
            return Poll::Ready(end);
        }
        Poll::Pending
    }

    fn is_probing(&self) -> bool {
        self.trial.is_some()
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        self.turn = PACKETS;
        while self.turn > 0 {
            // A probe is not the session's reader yet.
            if !self.is_probing() {
                ready!(self.session.poll_may_receive(cx));
            }
            let end = if self.rest.is_empty() {
                let mut buffer = [MaybeUninit::uninit(); READ_BUFFER];
                let mut buffer = ReadBuf::uninit(&mut buffer);
                if ready!(Pin::new(&mut self.io).poll_read(cx, &mut buffer)).is_err() {
                    self.lost(CloseReason::TransportError);
                    return Poll::Ready(End::Gone);
                }
                if buffer.filled().is_empty() {
                    self.lost(CloseReason::TransportClose);
                    return Poll::Ready(End::Gone);
                }
                // Also a read without a whole packet is work.
                self.turn -= 1;
                self.receive(buffer.filled_mut())
            } else {
                let mut rest = std::mem::take(&mut self.rest);
                self.receive(&mut rest)
            };
            if let Some(end) = end {
                return Poll::Ready(end);
            }
            if !self.is_probing() && self.session.is_closed() {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// The client is gone.
    fn lost(&self, reason: CloseReason) {
        if !self.is_probing() {
            self.session.close(reason);
        }
    }

    /// Bytes have come: hands on every message in them, as far as this turn goes. Returns
    /// how the connection ends, if it does.
    fn receive(&mut self, mut input: &mut [u8]) -> Option<End> {
        let mut tally = self.session.0.traffic.received(Transport::WebSocket);
        while !input.is_empty() {
            if self.turn == 0 || !self.is_probing() && self.session.is_paused() {
                self.rest = input.to_vec();
                return None;
            }
            self.turn -= 1;
            let event = match self.decoder.decode(&mut input) {
                Ok(Some(event)) => event,
                Ok(None) => return None,
                Err(error) => return Some(self.protocol_error(error)),
            };
            if self.threshold != OFF {
                self.turn = self.turn.saturating_sub(packets_in(&event));
            }
            let end = match event {
                Event::Text(text) => {
                    tally.add(1, text.len());
                    self.receive_text(&text)
                }
                Event::Binary(bytes) => {
                    tally.add(1, bytes.len());
                    self.receive_binary(bytes)
                }
                Event::Ping(data) => {
                    self.answer(&encode_frame(OpCode::Pong, &data));
                    None
                }
                Event::Pong(_) => None,
                Event::Close(frame) => {
                    self.lost(CloseReason::TransportClose);
                    let code = frame.map_or(CloseCode::NORMAL, |frame| frame.code);
                    Some(End::Answer(code))
                }
            };
            if end.is_some() {
                return end;
            }
        }
        None
    }

    /// Adds a frame of the transport's own after those that wait, perhaps half written.
    /// A client that does not read its pongs gets no more of them.
    fn answer(&mut self, frame: &Bytes) {
        if self.control.len() <= MAX_CONTROL {
            self.control.extend_from_slice(frame);
        }
    }

    fn receive_text(&mut self, text: &str) -> Option<End> {
        let Ok(packet) = Packet::decode(text) else {
            return Some(self.invalid_packet());
        };
        if self.is_probing() {
            return match self.session.with(|machine| machine.receive_probe(&packet)) {
                Probe::Confirm => {
                    self.answer(Packet::Pong("probe").encode().frame());
                    None
                }
                Probe::Upgraded => {
                    self.trial = None;
                    self.session.upgraded();
                    None
                }
                Probe::GiveUp => Some(End::Close(CloseCode::NORMAL, "")),
            };
        }
        match packet {
            // The usual case does not touch the session's lock.
            Packet::Message(message) => {
                self.deliver(message);
                None
            }
            packet => {
                let _ = self.session.with(|machine| machine.receive(now(), packet));
                None
            }
        }
    }

    fn receive_binary(&mut self, bytes: Cow<'_, [u8]>) -> Option<End> {
        if self.is_probing() {
            return Some(End::Close(CloseCode::NORMAL, ""));
        }
        self.deliver(Message::Binary(bytes.into_owned().into()));
        None
    }

    fn deliver(&self, message: Message<'_>) {
        if let Some(receiver) = &self.receiver
            && !self.session.is_closed()
        {
            self.session.deliver(&**receiver, message);
        }
    }

    fn invalid_packet(&mut self) -> End {
        if !self.is_probing() {
            self.session.close(CloseReason::ParseError);
        }
        End::Close(CloseCode::NORMAL, "")
    }

    fn protocol_error(&mut self, error: ProtocolError) -> End {
        tracing::debug!(session = ?self.session, %error, "broken frame");
        if !self.is_probing() {
            self.session.close(match error.close_code() {
                CloseCode::TOO_BIG => CloseReason::MessageTooLarge,
                _ => CloseReason::TransportError,
            });
        }
        End::Close(error.close_code(), "")
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        let mut work = MAX_DEFLATED;
        loop {
            if self.control.is_empty() && self.batch.is_empty() {
                if let Some(end) = ready!(self.poll_batch(cx)) {
                    return Poll::Ready(end);
                }
                continue;
            }
            match self.poll_write_some(cx, &mut work) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => {
                    self.lost(CloseReason::TransportError);
                    return Poll::Ready(End::Gone);
                }
                Poll::Pending => {
                    let unaccounted = std::mem::take(&mut self.unaccounted);
                    // The client does not read. Wake up if the session ends in the meantime.
                    return self
                        .session
                        .poll_closed(cx, |machine| machine.wrote(unaccounted))
                        .map(|()| End::Gone);
                }
            }
        }
    }

    /// Takes what the session has queued. Ready with an end when the session has, and all
    /// is written.
    fn poll_batch(&mut self, cx: &mut Context<'_>) -> Poll<Option<End>> {
        if self.is_probing() {
            return self
                .end
                .take()
                .map_or(Poll::Pending, |end| Poll::Ready(Some(end)));
        }
        if self.batch.capacity() > KEEP_CAPACITY {
            self.batch = VecDeque::new();
        }
        let unaccounted = std::mem::take(&mut self.unaccounted);
        let batch = &mut self.batch;
        let ended = ready!(self.session.poll_output(cx, |machine| {
            machine.wrote(unaccounted);
            machine.take(batch);
            if batch.is_empty() {
                machine.ended().map(Some)
            } else {
                Some(None)
            }
        }));
        let Some(reason) = ended else {
            return Poll::Ready(None);
        };
        let end = self.end.take();
        Poll::Ready(Some(match (reason, end) {
            (
                CloseReason::SlowReader
                | CloseReason::MemoryPressure
                | CloseReason::PingTimeout,
                _,
            ) => End::Gone,
            (_, Some(end)) => end,
            (CloseReason::ServerShutdown, None) => End::Close(CloseCode::GOING_AWAY, ""),
            (_, None) => End::Close(CloseCode::NORMAL, ""),
        }))
    }

    /// Compresses the messages that are written next, as far as `work` goes: the bytes
    /// that may be compressed in this turn. Returns how many of them can be written.
    fn deflate(&mut self, work: &mut usize) -> usize {
        for (index, message) in self.batch.iter_mut().take(BATCH).enumerate() {
            if message.is_deflated(self.threshold) {
                if *work == 0 {
                    return index;
                }
                *work = work.saturating_sub(message.deflate());
            }
        }
        BATCH
    }

    fn poll_write_some(
        &mut self,
        cx: &mut Context<'_>,
        work: &mut usize,
    ) -> Poll<io::Result<()>> {
        let ready = match self.threshold {
            OFF => BATCH,
            _ => self.deflate(work),
        };
        let io = Pin::new(&mut self.io);
        if !self.control.is_empty() && self.written == 0 {
            let written = ready!(io.poll_write(cx, &self.control))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.control.drain(..written);
            if self.control.is_empty() {
                self.control = Vec::new();
            }
            return Poll::Ready(Ok(()));
        }
        if ready == 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut slices = [IoSlice::new(&[]); BATCH];
        let mut count = 0;
        for (slice, message) in slices[..ready].iter_mut().zip(&self.batch) {
            let skip = if count == 0 { self.written } else { 0 };
            *slice = IoSlice::new(&message.wire(self.threshold)[skip..]);
            count += 1;
        }
        let mut written = ready!(io.poll_write_vectored(cx, &slices[..count]))?;
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.unaccounted += written;
        written += self.written;
        let mut tally = self.session.0.traffic.sent(Transport::WebSocket);
        while let Some(first) = self.batch.front() {
            let len = first.wire(self.threshold).len();
            if written < len {
                break;
            }
            written -= len;
            // It was counted as it is kept, and written as it is shorter.
            self.unaccounted += first.size() - len;
            tally.add(1, first.payload().len());
            self.batch.pop_front();
        }
        self.written = written;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::duplex;
    use websocket::encode_masked_frame;

    use super::*;
    use crate::handshake::Handshake;
    use crate::server::Server;
    use crate::session::Application;

    #[derive(Clone, Default)]
    struct Counts(Arc<AtomicUsize>);

    impl Application for Counts {
        fn open(&self, _: Session) -> Arc<dyn Receiver> {
            Arc::new(self.clone())
        }
    }

    impl Receiver for Counts {
        fn message(&self, _: Message<'_>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }

        fn close(&self, _: CloseReason) {}
    }

    fn deflating() -> Config {
        Config {
            per_message_deflate: Some(PerMessageDeflate::default()),
            outbound_budget: 100 << 20,
            ..Config::default()
        }
    }

    #[tokio::test]
    async fn a_turn_inflates_a_bounded_number_of_bytes() {
        let counts = Counts::default();
        let server = Server::new(deflating(), counts.clone());
        let session = server
            .open(Transport::WebSocket, Handshake::default())
            .unwrap();
        let (ours, mut theirs) = duplex(1 << 20);
        let mut client = websocket::Connection::client(Limits::default(), || [0; 4])
            .with_deflate(Deflate::NO_CONTEXT);
        for _ in 0..100 {
            client.text(&"4".repeat(64 * 1024)).unwrap();
        }
        theirs.write_all(&client.take_output()).await.unwrap();
        let config = server.config();
        let mut connection =
            Connection::new(ours, b"", session.clone(), config, false, true);
        let mut run = std::pin::pin!(connection.run());
        let (mut before, mut most) = (0, 0);
        while before < 100 {
            assert!(futures_util::poll!(run.as_mut()).is_pending());
            let count = counts.0.load(Ordering::Relaxed);
            most = most.max(count - before);
            before = count;
            tokio::task::yield_now().await;
        }
        assert_eq!(most, 1, "messages of 64 KiB in one turn");
    }

    #[tokio::test]
    async fn a_turn_compresses_a_bounded_number_of_bytes() {
        let server = Server::new(deflating(), Counts::default());
        let session = server
            .open(Transport::WebSocket, Handshake::default())
            .unwrap();
        let (ours, mut theirs) = duplex(1 << 20);
        let config = server.config();
        let mut connection =
            Connection::new(ours, b"", session.clone(), config, false, true);
        let message = EncodedMessage::text(&"x".repeat(40 * 1024));
        for _ in 0..100 {
            session.send(&message).unwrap();
        }
        let mut run = std::pin::pin!(connection.run());
        let mut client = websocket::Connection::client(Limits::default(), || [0; 4])
            .with_deflate(Deflate::NO_CONTEXT);
        let (mut turns, mut received) = (0, 0);
        while received < 101 {
            assert!(futures_util::poll!(run.as_mut()).is_pending());
            turns += 1;
            let mut buffer = vec![0; 1 << 20];
            let read = theirs.read(&mut buffer);
            let Ok(count) = timeout(Duration::from_millis(1), read).await else {
                continue;
            };
            let mut input = &mut buffer[..count.unwrap()];
            while let Some(event) = client.receive(&mut input).unwrap() {
                assert!(matches!(event, Event::Text(_)));
                received += 1;
            }
        }
        assert!((50..200).contains(&turns), "{turns} turns for 4 MB");
    }

    #[tokio::test]
    async fn a_turn_handles_a_bounded_number_of_packets() {
        let counts = Counts::default();
        let server = Server::new(Config::default(), counts.clone());
        let session = server
            .open(Transport::WebSocket, Handshake::default())
            .unwrap();
        let (ours, mut theirs) = duplex(1 << 20);
        let packet = encode_masked_frame(OpCode::Text, [0; 4], b"4");
        theirs.write_all(&packet.repeat(20_000)).await.unwrap();
        let config = server.config();
        let mut connection =
            Connection::new(ours, b"", session.clone(), config, false, false);
        let mut run = std::pin::pin!(connection.run());
        let (mut before, mut most) = (0, 0);
        while before < 20_000 {
            assert!(futures_util::poll!(run.as_mut()).is_pending());
            let count = counts.0.load(Ordering::Relaxed);
            most = most.max(count - before);
            before = count;
            tokio::task::yield_now().await;
        }
        assert!((1..=100).contains(&most), "{most} packets in one turn");
        // A pause takes effect at once, in the middle of what was read.
        session.pause();
        theirs.write_all(&packet.repeat(100)).await.unwrap();
        for _ in 0..10 {
            assert!(futures_util::poll!(run.as_mut()).is_pending());
        }
        assert_eq!(counts.0.load(Ordering::Relaxed), 20_000);
        session.resume();
        while counts.0.load(Ordering::Relaxed) < 20_100 {
            assert!(futures_util::poll!(run.as_mut()).is_pending());
            tokio::task::yield_now().await;
        }
    }
}
