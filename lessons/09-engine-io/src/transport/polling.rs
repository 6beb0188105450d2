//! The polling transport: a GET that waits for packets, a POST that brings some.

use std::future::poll_fn;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use futures_util::{Stream, StreamExt};
use thiserror::Error;
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, timeout_at};

use crate::machine::CloseReason;
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
    Ok(payload::encode(&packets))
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
            session.with(|machine| {
                machine.close(now(), CloseReason::ParseError);
                // Unlike a message that the application cannot read, this ends at once:
                // so the reference server does, and it is no peer that we could talk to.
                machine.writer_ended();
            });
        }
        Err(PostError::TooSlow | PostError::Broken) => {
            session.close(CloseReason::TransportError)
        }
        _ => {}
    }
    result
}

struct Posting<'a>(&'a Session);

impl Drop for Posting<'_> {
    fn drop(&mut self) {
        self.0.with(crate::machine::Machine::end_post);
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
    for packet in payload::decode(body) {
        let packet = packet?;
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
async fn read<S, B, E>(body: S, limits: &BodyLimits) -> Result<BytesMut, PostError>
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
