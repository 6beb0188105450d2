//! Acknowledgements that the server asks for: an answer from one client, or from all of a
//! room.

use std::collections::HashSet;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::error::{AckError, AdapterError};
use crate::room::SocketId;
use crate::wire::args::{Args, FromArgs};

/// The end of a question at which one client's answer comes in. It is dropped when the
/// client leaves.
#[derive(Debug)]
pub(crate) struct AckSender {
    /// The client's place among those that were asked.
    pub(crate) asked: usize,
    pub(crate) answers: mpsc::UnboundedSender<(usize, Args)>,
}

impl AckSender {
    pub(crate) fn answer(self, args: Args) {
        // An error says that the answer is no longer awaited.
        let _ = self.answers.send((self.asked, args));
    }
}

pub(crate) type AckReceiver = mpsc::UnboundedReceiver<(usize, Args)>;

/// Forgets a question when it is dropped: the answer is no longer awaited.
pub(crate) struct Forget<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for Forget<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// An event has been sent, and its answer is due: await it.
///
/// ```
/// use std::time::Duration;
/// use socket_io::{AckError, Socket};
///
/// async fn vote(socket: &Socket) -> Option<bool> {
///     let question = socket.emit_with_ack("tea?", ()).timeout(Duration::from_secs(30));
///     match question.await {
///         Ok(answer) => Some(answer),
///         Err(AckError::Timeout | AckError::Disconnected) => None,
///         Err(error) => {
///             println!("{}: {error}", socket.id());
///             None
///         }
///     }
/// }
/// ```
#[must_use = "await it to get the answer"]
pub struct EmitWithAck<T> {
    /// `None`: the question could not be sent.
    answers: Option<AckReceiver>,
    timeout: Duration,
    forget: Forget<Box<dyn FnMut() + Send>>,
    _answer: PhantomData<fn() -> T>,
}

impl<T> EmitWithAck<T> {
    pub(crate) fn new(
        answers: Option<AckReceiver>,
        timeout: Duration,
        forget: impl FnMut() + Send + 'static,
    ) -> Self {
        Self {
            answers,
            timeout,
            forget: Forget(Box::new(forget)),
            _answer: PhantomData,
        }
    }

    /// Sets how long the client may take, in place of
    /// [`Config::ack_timeout`](crate::Config::ack_timeout).
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
            // tokio takes a timeout past the end of time for no timeout at all.
            let answer = timeout(patience, answers.recv())
                .await
                .map_err(|_| AckError::Timeout)?;
            let (_, args) = answer.ok_or(AckError::Disconnected)?;
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
///
/// ```
/// # async fn example(namespace: socket_io::Namespace) {
/// let answers = namespace.to("tea").emit_with_ack::<u8>("how many cups?", ()).await;
/// for (id, cups) in answers.answered_by.iter().zip(&answers.received) {
///     match id {
///         Some(id) => println!("{cups} for {id}"),
///         None => println!("{cups} for a client of another server"),
///     }
/// }
/// for id in &answers.missing_from {
///     println!("{id} did not answer");
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct Answers<T> {
    /// The answers that came in time, in the order they came.
    pub received: Vec<T>,
    /// The sockets that sent them, in the same order. `None` is a client of another server
    /// whose id the adapter does not know: Node's adapters send only the answer.
    pub answered_by: Vec<Option<SocketId>>,
    /// How many of the clients that were asked did not answer in time, left, or answered
    /// something else.
    pub missing: usize,
    /// The sockets of these clients, as far as they are known.
    pub missing_from: Vec<SocketId>,
    /// Why the number is not certain: some servers of a cluster did not report how many
    /// clients they asked.
    pub error: Option<AdapterError>,
}

impl<T> Answers<T> {
    /// No answers of these sockets.
    pub(crate) fn missing(from: impl Iterator<Item = SocketId>) -> Self {
        let missing_from: Vec<_> = from.collect();
        Self {
            received: Vec::new(),
            answered_by: Vec::new(),
            missing: missing_from.len(),
            missing_from,
            error: None,
        }
    }
}

/// A step of a broadcast with acknowledgements, as an [`Adapter`](crate::Adapter) reports
/// it.
///
/// ```
/// use futures_util::{Stream, StreamExt};
/// use socket_io::AckStep;
///
/// /// Returns how many clients have not answered, if every server said how many it asked.
/// async fn missing(mut steps: impl Stream<Item = AckStep> + Unpin) -> Option<usize> {
///     let (mut asked, mut answered) = (0, 0);
///     while let Some(step) = steps.next().await {
///         match step {
///             AckStep::Expected { clients, .. } => asked += clients,
///             AckStep::Answer { .. } => answered += 1,
///             AckStep::Incomplete(_) => return None,
///         }
///     }
///     Some(asked - answered)
/// }
/// # use futures_util::{FutureExt, stream};
/// # let expected = AckStep::Expected { clients: 2, ids: Vec::new() };
/// # let answer = AckStep::Answer { from: None, args: Default::default() };
/// # assert_eq!(missing(stream::iter([expected, answer])).now_or_never(), Some(Some(1)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AckStep {
    /// A server has asked its clients.
    Expected {
        /// How many.
        clients: usize,
        /// Their ids, if they are known.
        ids: Vec<SocketId>,
    },
    /// A client has answered.
    Answer {
        /// Its id, if it is known.
        from: Option<SocketId>,
        /// The answer.
        args: Args,
    },
    /// Some servers did not report how many clients they asked.
    Incomplete(AdapterError),
}

/// How much longer than it should an adapter can take to end a broadcast.
const GRACE: Duration = Duration::from_secs(1);

/// Collects the answers of the clients that were asked.
pub(crate) async fn collect<T: FromArgs>(
    mut steps: impl Stream<Item = AckStep> + Unpin,
    patience: Duration,
) -> Answers<T> {
    let (mut received, mut answered_by) = (Vec::new(), Vec::new());
    let (mut expected, mut asked, mut error) = (0_usize, Vec::new(), None);
    // The stream ends in time by itself, unless its adapter is at fault.
    let _ = timeout(patience.saturating_add(GRACE), async {
        while let Some(step) = steps.next().await {
            match step {
                AckStep::Expected { clients, ids } => {
                    expected = expected.saturating_add(clients);
                    asked.extend(ids);
                }
                AckStep::Answer { from, args } => {
                    if let Ok(answer) = args.decode() {
                        received.push(answer);
                        answered_by.push(from);
                    }
                }
                AckStep::Incomplete(why) => error = Some(why),
            }
        }
    })
    .await;
    let answered: HashSet<&SocketId> = answered_by.iter().flatten().collect();
    asked.retain(|id| !answered.contains(id));
    Answers {
        missing: expected.saturating_sub(received.len()),
        received,
        answered_by,
        missing_from: asked,
        error,
    }
}
