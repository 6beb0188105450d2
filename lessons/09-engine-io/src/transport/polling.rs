//! The polling transport: a GET that waits for packets, a POST that brings some.

use std::future::poll_fn;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use futures_util::{Stream, StreamExt};
use thiserror::Error;
use tokio::time::timeout;

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
    let packets =
        poll_fn(|cx| session.poll_output(cx, crate::machine::Machine::poll)).await;
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
    #[error("the body is no payload: {0}")]
    Garbage(#[from] PacketError),
}

/// What a POST may be.
pub(crate) struct BodyLimits {
    pub(crate) max_payload: usize,
    pub(crate) timeout: Duration,
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
        Err(PostError::Garbage(error)) => {
            tracing::debug!(?session, %error, "broken payload");
            session.close(CloseReason::ParseError);
        }
        Err(PostError::TooSlow | PostError::Broken) => {
            session.close(CloseReason::TransportError);
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
    let body = timeout(limits.timeout, read(body, limits.max_payload)).await;
    let body = body.map_err(|_| PostError::TooSlow)??;
    let body = std::str::from_utf8(&body).map_err(|_| PacketError::Utf8)?;
    let Some(receiver) = session.receiver() else {
        return Err(Refusal::UnknownSession.into());
    };
    for packet in payload::decode(body) {
        let packet = packet?;
        poll_fn(|cx| session.poll_may_read(cx)).await;
        match session.with(|machine| machine.receive(now(), packet)) {
            Ok(Some(message)) => receiver.message(message),
            Ok(None) => {}
            // The client's own close is no failure; whatever comes behind it is not read.
            Err(CloseReason::TransportClose) => return Ok(()),
            Err(_) => return Err(Refusal::BadRequest.into()),
        }
    }
    Ok(())
}

async fn read<S, B, E>(body: S, max: usize) -> Result<BytesMut, PostError>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    let mut body = std::pin::pin!(body);
    let mut bytes = BytesMut::new();
    while let Some(chunk) = body.next().await {
        let mut chunk = chunk.map_err(|_| PostError::Broken)?;
        if bytes.len() + chunk.remaining() > max {
            return Err(PostError::TooLarge);
        }
        while chunk.has_remaining() {
            let part = chunk.chunk();
            bytes.extend_from_slice(part);
            let len = part.len();
            chunk.advance(len);
        }
    }
    Ok(bytes)
}
