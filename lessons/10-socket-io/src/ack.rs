//! Acknowledgements that the server asks for: an answer from one client, or from all of a
//! room.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::error::AckError;
use crate::wire::args::{Args, FromArgs};

/// How long a client may take to answer if nothing else was said.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// The end of a question at which the answer comes in. It is dropped when the client
/// leaves.
pub(crate) type AckSender = mpsc::UnboundedSender<Args>;

/// Forgets a question when it is dropped: the answer is no longer awaited.
pub(crate) struct Forget<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for Forget<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// An event has been sent, and its answer is due: await it.
#[must_use = "await it to get the answer"]
pub struct EmitWithAck<T> {
    /// `None`: the question could not be sent.
    answers: Option<mpsc::UnboundedReceiver<Args>>,
    timeout: Duration,
    forget: Forget<Box<dyn FnMut() + Send>>,
    _answer: PhantomData<fn() -> T>,
}

impl<T> EmitWithAck<T> {
    pub(crate) fn new(
        answers: Option<mpsc::UnboundedReceiver<Args>>,
        forget: impl FnMut() + Send + 'static,
    ) -> Self {
        Self {
            answers,
            timeout: DEFAULT_TIMEOUT,
            forget: Forget(Box::new(forget)),
            _answer: PhantomData,
        }
    }

    /// How long the client may take. Default 10 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

impl<T: FromArgs + 'static> IntoFuture for EmitWithAck<T> {
    type Output = Result<T, AckError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let (mut answers, patience, forget) = (self.answers, self.timeout, self.forget);
        Box::pin(async move {
            // Until the end, however it comes.
            let _forget = forget;
            let answers = answers.as_mut().ok_or(AckError::NotSent)?;
            // To tokio, a timeout past the end of time is no timeout.
            let answer = timeout(patience, answers.recv())
                .await
                .map_err(|_| AckError::Timeout)?;
            let args = answer.ok_or(AckError::Disconnected)?;
            args.decode()
                .map_err(|error| AckError::Decode(error.to_string()))
        })
    }
}

impl<T> fmt::Debug for EmitWithAck<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmitWithAck")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// The acknowledgements collected from a broadcast.
#[derive(Debug)]
pub struct Answers<T> {
    /// The answers that came in time, in the order they came.
    pub received: Vec<T>,
    /// How many of the clients that were asked did not answer in time, left, or answered
    /// something else.
    pub missing: usize,
}

/// Collects the answers of `asked` clients.
pub(crate) async fn collect<T: FromArgs>(
    asked: usize,
    mut answers: mpsc::UnboundedReceiver<Args>,
    patience: Duration,
) -> Answers<T> {
    let mut received = Vec::new();
    let _ = timeout(patience, async {
        // The channel ends when every client has answered or left.
        for _ in 0..asked {
            let Some(args) = answers.recv().await else {
                break;
            };
            received.extend(args.decode().ok());
        }
    })
    .await;
    let missing = asked - received.len();
    Answers { received, missing }
}
