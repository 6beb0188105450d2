//! The polling transport: a GET that waits for packets, a POST that brings some.

use std::future::poll_fn;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use futures_util::{Stream, StreamExt};
use thiserror::Error;
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, timeout_at};

use crate::config::Transport;
use crate::machine::{CloseReason, Machine};
use crate::packet::PacketError;
use crate::payload;
use crate::refusal::Refusal;
use crate::session::{Session, now};

/// Waits for packets and returns them as a body.
///
/// If the client goes away meanwhile, this future is dropped, and the session ends: a
/// client that polls has no other connection whose end could be seen.
pub(crate) async fn get(session: &Session) -> Result<Vec<u8>, Refusal> {
    session.with(|machine| machine.begin_poll(now()))?;
    let waiting = Waiting(Some(session));
    let packets = poll_fn(|cx| session.poll_answer(cx)).await;
    waiting.answered();
    // The answer may have been the session's last word.
    session.with(|_| ());
    let body = payload::encode(&packets);
    let mut tally = session.0.traffic.sent(Transport::Polling);
    tally.add(packets.len(), body.len());
    Ok(body)
}

struct Waiting<'a>(Option<&'a Session>);

impl Waiting<'_> {
    fn answered(mut self) {
        self.0 = None;
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(session) = self.0 {
            session.with(|machine| machine.poll_abandoned(now()));
        }
    }
}

/// Why a POST was not taken.
#[derive(Debug, Error)]
pub(crate) enum PostError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("the body is larger than max_payload")]
    TooLarge,
    #[error("the body did not arrive in time")]
    TooSlow,
    #[error("the body broke off")]
    Broken,
    #[error("the body is not a payload: {0}")]
    Invalid(#[from] PacketError),
}

/// The limits of a POST's body.
pub(crate) struct BodyLimits {
    pub(crate) max_payload: usize,
    pub(crate) timeout: Duration,
    /// Bytes a second that are given more time.
    pub(crate) min_rate: usize,
}

/// Reads a body and hands its messages to the application, in order.
pub(crate) async fn post<S, B, E>(
    session: &Session,
    body: S,
    limits: BodyLimits,
) -> Result<(), PostError>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    session.with(|machine| machine.begin_post(now()))?;
    let posting = Posting(session);
    let result = read_and_deliver(session, body, limits).await;
    drop(posting);
    match &result {
        Err(PostError::Invalid(error)) => {
            tracing::debug!(?session, %error, "broken payload");
            // Unlike a message that the application cannot read, this ends at once: so the
            // reference server does.
            session.abort(CloseReason::ParseError);
        }
        Err(PostError::TooSlow | PostError::Broken) => {
            session.close(CloseReason::TransportError);
        }
        Err(PostError::TooLarge) => session.with(Machine::post_too_large),
        _ => {}
    }
    result
}

struct Posting<'a>(&'a Session);

impl Drop for Posting<'_> {
    fn drop(&mut self) {
        self.0.with(Machine::end_post);
    }
}

async fn read_and_deliver<S, B, E>(
    session: &Session,
    body: S,
    limits: BodyLimits,
) -> Result<(), PostError>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    let body = read(body, &limits).await?;
    let body = std::str::from_utf8(&body).map_err(|_| PacketError::Utf8)?;
    let Some(receiver) = session.receiver() else {
        return Err(Refusal::UnknownSession.into());
    };
    let mut tally = session.0.traffic.received(Transport::Polling);
    tally.add(0, body.len());
    for packet in payload::decode(body) {
        let packet = packet?;
        tally.add(1, 0);
        // A body may hold half a million packets. Other tasks get their turn in between.
        consume_budget().await;
        poll_fn(|cx| session.poll_may_post(cx)).await;
        match session.with(|machine| machine.receive(now(), packet)) {
            Ok(Some(message)) => session.deliver(&*receiver, message),
            Ok(None) => {}
            // The client's own close is not a failure. Packets after it are not read.
            Err(CloseReason::TransportClose) => return Ok(()),
            Err(_) => return Err(Refusal::BadRequest.into()),
        }
    }
    Ok(())
}

/// Reads a body that arrives in time: `timeout`, and as much again as its bytes take at
/// the slowest rate. A slow line is given the time it needs, and a drip is not.
pub(crate) async fn read<S, B, E>(
    body: S,
    limits: &BodyLimits,
) -> Result<BytesMut, PostError>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    let start = Instant::now();
    let mut body = std::pin::pin!(body);
    let mut bytes = BytesMut::new();
    loop {
        let earned = bytes.len() as u64 * 1000 / limits.min_rate.max(1) as u64;
        let allowed = limits.timeout.saturating_add(Duration::from_millis(earned));
        let next = match start.checked_add(allowed) {
            Some(deadline) => timeout_at(deadline, body.next()).await,
            None => Ok(body.next().await),
        };
        let Some(chunk) = next.map_err(|_| PostError::TooSlow)? else {
            return Ok(bytes);
        };
        let mut chunk = chunk.map_err(|_| PostError::Broken)?;
        if bytes.len() + chunk.remaining() > limits.max_payload {
            return Err(PostError::TooLarge);
        }
        while chunk.has_remaining() {
            let part = chunk.chunk();
            bytes.extend_from_slice(part);
            let len = part.len();
            chunk.advance(len);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bytes::Bytes;
    use futures_util::stream;
    use tokio::time::sleep;

    use super::*;
    use crate::config::Config;
    use crate::handshake::Handshake;
    use crate::packet::Message;
    use crate::server::Server;
    use crate::session::{Application, Receiver};

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

    fn open() -> (Counts, Server, Session) {
        let counts = Counts::default();
        let server = Server::new(Config::default(), counts.clone());
        let session = server
            .open(Transport::Polling, Handshake::default())
            .unwrap();
        (counts, server, session)
    }

    const LIMITS: BodyLimits = BodyLimits {
        max_payload: 1_000_000,
        timeout: Duration::from_secs(10),
        min_rate: 4096,
    };

    #[tokio::test]
    async fn a_body_of_many_packets_lets_other_tasks_work_in_between() {
        let (counts, _server, session) = open();
        let body = "4\x1e".repeat(20_000);
        let body = Bytes::from(body.trim_end_matches('\x1e').to_owned());
        let body = stream::iter([Ok::<_, Infallible>(body)]);
        let mut post = std::pin::pin!(post(&session, body, LIMITS));
        let (mut before, mut most) = (0, 0);
        while futures_util::poll!(post.as_mut()).is_pending() {
            let count = counts.0.load(Ordering::Relaxed);
            most = most.max(count - before);
            before = count;
            tokio::task::yield_now().await;
        }
        assert_eq!(counts.0.load(Ordering::Relaxed), 20_000);
        assert!((1..=128).contains(&most), "{most} packets in one turn");
    }

    /// A body of `chunks` pieces of `size` bytes, one each `pause`.
    async fn upload(
        chunks: usize,
        size: usize,
        pause: Duration,
    ) -> Result<(), PostError> {
        let (_, _server, session) = open();
        let body = stream::unfold(0, |sent| async move {
            sleep(pause).await;
            let first = if sent == 0 { "4" } else { "x" };
            (sent < chunks).then(|| {
                let chunk = Bytes::from(first.to_owned() + &"x".repeat(size - 1));
                (Ok::<_, Infallible>(chunk), sent + 1)
            })
        });
        post(&session, body, LIMITS).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_line_is_given_the_time_that_it_needs() {
        // 100 kB at 8 kB a second, and at 4,200 B.
        assert!(upload(100, 1000, Duration::from_millis(125)).await.is_ok());
        assert!(upload(100, 1000, Duration::from_millis(238)).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_makes_too_little_progress_is_given_up() {
        let start = Instant::now();
        let drip = upload(100_000, 1, Duration::from_millis(100)).await;
        assert!(matches!(drip, Err(PostError::TooSlow)), "{drip:?}");
        assert!(start.elapsed() < Duration::from_secs(11));
        let start = Instant::now();
        let slow = upload(1000, 1000, Duration::from_millis(400)).await;
        assert!(matches!(slow, Err(PostError::TooSlow)), "{slow:?}");
        // However it drips: never longer than the largest body at the slowest rate.
        assert!(start.elapsed() < Duration::from_secs(10 + 1_000_000 / 4096));
    }
}
