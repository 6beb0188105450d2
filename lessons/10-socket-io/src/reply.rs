//! The acknowledgement that the server owes a client for an event: sent once, by whichever
//! of the event's handlers answers first.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::machine::EVENT_COST;
use crate::tasks::complain;
use crate::wire::args::{self, Encoded, IntoArgs};

/// The result of a handler: what the acknowledgement carries, or `None` if the handler has
/// an [`Ack`] to answer with.
pub(crate) type Returned = Option<Result<Encoded, serde_json::Error>>;

/// A socket, as a reply sees it.
pub(crate) trait Answering: Clone + Send + Sync + 'static {
    /// Sends an acknowledgement.
    fn answer(&self, id: u64, answer: Encoded);
    /// An event has been handled.
    fn work_done(&self, cost: usize);
}

/// The acknowledgement of an event, as a handler's last parameter: the handler answers
/// when it wants, from where it wants, or not at all.
///
/// A handler with an `Ack` returns nothing. An `Ack` that is dropped sends nothing.
///
/// Events of one socket are handled one after another, so a handler that takes long holds
/// up the socket's next event. This is the way around it: leave the work, and the `Ack`,
/// to a task.
///
/// ```
/// # use socket_io::{Ack, Io, Socket};
/// # async fn search(query: String) -> Vec<String> { vec![query] }
/// # let io = Io::default();
/// io.of("/", |socket| {
///     socket.on("search", async |_: Socket, query: String, ack: Ack| {
///         tokio::spawn(async move { ack.send(search(query).await) });
///     });
/// });
/// ```
///
/// Until it is sent or dropped, an `Ack` counts like an event that is being handled, so a
/// client cannot make the server collect more of them than
/// [`Limits::max_inbox`](crate::Limits::max_inbox) allows (500 by default, 512 bytes
/// each): it is read no further until some of them are gone.
#[must_use = "an acknowledgement that is dropped is not sent"]
pub struct Ack(Option<Arc<dyn Answer>>);

impl Ack {
    /// An acknowledgement that no client asked for.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Whether the client asked for an acknowledgement. If it did not, nothing is sent.
    pub fn is_wanted(&self) -> bool {
        self.0.is_some()
    }

    /// Sends the acknowledgement, as if the handler had returned `answer`. It is dropped
    /// if another handler of the event has answered already, or if the client has left.
    pub fn send(self, answer: impl IntoArgs) {
        if let Some(reply) = self.0 {
            reply.answer(args::encode(None, &answer));
        }
    }
}

impl fmt::Debug for Ack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ack")
            .field("wanted", &self.is_wanted())
            .finish()
    }
}

type Encoding = Result<Encoded, serde_json::Error>;

trait Answer: Send + Sync {
    /// Sends the first answer.
    fn answer(&self, answer: Encoding);
}

/// A reply that is shared with an [`Ack`].
struct Shared<S: Answering> {
    socket: S,
    id: u64,
    answered: AtomicBool,
}

impl<S: Answering> Answer for Shared<S> {
    fn answer(&self, answer: Encoding) {
        if !self.answered.swap(true, Ordering::Relaxed) {
            send(&self.socket, self.id, answer);
        }
    }
}

impl<S: Answering> Drop for Shared<S> {
    fn drop(&mut self) {
        self.socket.work_done(EVENT_COST);
    }
}

/// The reply to the event that is being handled.
pub(crate) struct Reply<'a, S: Answering> {
    socket: &'a S,
    /// `None` if the client did not ask, or has its answer.
    id: Option<u64>,
    shared: Option<Arc<Shared<S>>>,
    /// A handler of the event's own has taken an [`Ack`].
    by_hand: bool,
    /// A handler returned without an answer.
    empty: bool,
    failure: Option<String>,
}

impl<'a, S: Answering> Reply<'a, S> {
    pub(crate) fn new(socket: &'a S, id: Option<u64>) -> Self {
        Self {
            socket,
            id,
            shared: None,
            by_hand: false,
            empty: false,
            failure: None,
        }
    }

    /// For a handler that answers by itself.
    pub(crate) fn own_ack(&mut self) -> Ack {
        self.by_hand = true;
        self.ack()
    }

    /// For a handler of every event. If it does not answer, the event's own handlers do.
    pub(crate) fn ack(&mut self) -> Ack {
        let Some(id) = self.id else {
            return Ack::none();
        };
        let shared = self.shared.get_or_insert_with(|| {
            Arc::new(Shared {
                socket: self.socket.clone(),
                id,
                answered: AtomicBool::new(false),
            })
        });
        Ack(Some(shared.clone()))
    }

    /// A handler has returned.
    pub(crate) fn returned(&mut self, returned: Returned) {
        match returned {
            Some(Ok(encoded)) if encoded.json == "[]" => self.empty = true,
            Some(answer) => self.answer(answer),
            None => {}
        }
    }

    /// Middleware has refused the event.
    pub(crate) fn refused(&mut self, reason: &str) {
        self.answer(args::encode(None, &(false, reason)));
    }

    /// A handler has failed: the client is told, unless another handler answers.
    pub(crate) fn failed(&mut self, message: impl Into<String>) {
        self.failure.get_or_insert_with(|| message.into());
    }

    fn answer(&mut self, answer: Encoding) {
        let Some(id) = self.id.take() else { return };
        match &self.shared {
            Some(shared) => shared.answer(answer),
            None => send(self.socket, id, answer),
        }
    }

    /// All handlers have returned. Returns how much of the event's cost is still due.
    pub(crate) fn settle(mut self) -> usize {
        // An Ack that a handler has handed on answers later.
        let handed_on = |shared: &Arc<_>| Arc::strong_count(shared) > 1;
        if !self.shared.as_ref().is_some_and(handed_on) {
            if let Some(message) = self.failure.take() {
                self.answer(args::encode(None, &(false, message)));
            } else if self.empty && !self.by_hand {
                self.answer(args::encode(None, &()));
            }
        }
        if self.shared.is_some() { EVENT_COST } else { 0 }
    }
}

fn send<S: Answering>(socket: &S, id: u64, answer: Encoding) {
    let answer = answer.or_else(|error| {
        complain(&format!("an acknowledgement cannot be sent: {error}"));
        args::encode(None, &(false, "the answer cannot be sent"))
    });
    if let Ok(answer) = answer {
        socket.answer(id, answer);
    }
}
