//! A socket's events, one after another.
//!
//! They are handled in a task of the socket's own, which starts with the first event and
//! ends when none is left: an idle socket has no task. A handler that waits holds up the
//! events after it, and no other socket's.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use crate::handler::{Handlers, OnAny, OnDisconnect, Replaced};
use crate::machine::Event;
use crate::reason::DisconnectReason;
use crate::tasks::{Quarantine, Seldom, guarded, guarded_async};
use crate::wire::args::{self, Encoded};

/// Characters of the reason why arguments do not fit.
const MAX_REASON: usize = 200;

/// A socket, as its inbox sees it.
pub(crate) trait Owner: Clone + Send + Sync + 'static {
    fn inbox(&self) -> &Inbox<Self>;
    /// Sends an acknowledgement.
    fn answer(&self, id: u64, answer: Encoded);
    /// An event has been handled.
    fn work_done(&self, cost: usize);
}

/// Handlers, and the events that wait for them.
pub(crate) struct Inbox<S> {
    handlers: RwLock<Quarantine<Handlers<S>>>,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    work: VecDeque<Work>,
    /// A task is at it.
    running: bool,
}

/// The next step of a socket's task.
enum Work {
    Event(Event),
    /// The end; `told` if the disconnect handlers are to hear of it.
    Last {
        reason: DisconnectReason,
        told: bool,
    },
}

impl<S: Owner> Inbox<S> {
    pub(crate) fn new() -> Self {
        Self {
            handlers: RwLock::new(Quarantine::new(Handlers::default())),
            queue: Mutex::default(),
        }
    }

    /// Changes the handlers.
    pub(crate) fn edit<R>(&self, edit: impl FnOnce(&mut Handlers<S>) -> R) -> Option<R> {
        let mut handlers = self
            .handlers
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        handlers.get_mut().map(edit)
    }

    /// Queues an event. Returns whether a task must be started for [`run`]. An event
    /// without a handler comes back.
    pub(crate) fn push(&self, event: Event) -> Result<bool, Event> {
        let mut queue = self.lock();
        if !queue.running && !self.listens(&event) {
            return Err(event);
        }
        queue.work.push_back(Work::Event(event));
        Ok(!std::mem::replace(&mut queue.running, true))
    }

    /// Queues the end. Returns whether a task must be started for [`run`].
    pub(crate) fn finish(&self, reason: DisconnectReason, told: bool) -> bool {
        let mut queue = self.lock();
        queue.work.push_back(Work::Last { reason, told });
        !std::mem::replace(&mut queue.running, true)
    }

    fn listens(&self, event: &Event) -> bool {
        let handlers = self.handlers.read().unwrap_or_else(PoisonError::into_inner);
        let name = args::event_name(&event.array);
        handlers
            .get()
            .is_some_and(|it| name.is_ok_and(|name| it.listens(&name)))
    }

    fn handlers_of(&self, event: &str) -> (Vec<OnAny<S>>, Replaced<S>) {
        let handlers = self.handlers.read().unwrap_or_else(PoisonError::into_inner);
        handlers
            .get()
            .map_or_else(|| (Vec::new(), None), |handlers| handlers.of(event))
    }

    fn take_disconnect(&self) -> Vec<OnDisconnect<S>> {
        let handlers = {
            let mut handlers = self
                .handlers
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            handlers.take()
        };
        // Without the lock: dropping the others runs a user's code.
        handlers
            .and_then(|handlers| guarded(|| handlers.into_disconnect()))
            .unwrap_or_default()
    }

    /// Exchanges `done`, which is empty, for everything that waits. Returns `false` if
    /// nothing does: the task is over.
    fn next(&self, done: &mut VecDeque<Work>) -> bool {
        let mut queue = self.lock();
        std::mem::swap(&mut queue.work, done);
        queue.running = !done.is_empty();
        queue.running
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// ANCHOR: run
/// Works through a socket's inbox.
pub(crate) async fn run<S: Owner>(socket: S) {
    let mut batch = VecDeque::new();
    while socket.inbox().next(&mut batch) {
        while let Some(work) = batch.pop_front() {
            work_on(&socket, work).await;
            // Handlers that never wait would otherwise keep the worker.
            tokio::task::coop::consume_budget().await;
        }
    }
}
// ANCHOR_END: run

async fn work_on<S: Owner>(socket: &S, work: Work) {
    match work {
        Work::Event(event) => {
            let (id, cost) = (event.id, event.cost);
            match guarded_async(pin!(Some(handle(socket, event)))).await {
                Some(Some(answer)) => reply(socket, id, answer),
                Some(None) => {}
                None => {
                    complain("a handler panicked");
                    reply_error(socket, id, "internal error");
                }
            }
            socket.work_done(cost);
        }
        Work::Last { reason, told } => {
            let handlers = socket.inbox().take_disconnect();
            for on_disconnect in handlers.into_iter().filter(|_| told) {
                let call =
                    pin!(Some(async { on_disconnect(socket.clone(), reason).await }));
                if guarded_async(call).await.is_none() {
                    complain("a disconnect handler panicked");
                }
            }
        }
    }
}

type Answer = Result<Encoded, serde_json::Error>;

/// Calls the handlers of an event. Returns what the event's own handler answers.
async fn handle<S: Owner>(socket: &S, event: Event) -> Option<Answer> {
    let name = args::event_name(&event.array).ok()?;
    let (any, own) = socket.inbox().handlers_of(&name);
    for on_any in any {
        let args = event.raw().to_args().ok()?;
        on_any(socket.clone(), name.clone().into_owned(), args).await;
    }
    let running = match own?.start(socket.clone(), event.raw()) {
        Ok(running) => running,
        Err(error) => {
            // The reason quotes the client, who may have said a megabyte.
            let reason: String = error.to_string().chars().take(MAX_REASON).collect();
            tracing::debug!(event = &*name, reason, "arguments that do not fit");
            let message = format!("invalid arguments: {reason}");
            return Some(args::encode(None, &(false, message)));
        }
    };
    // It has its arguments: what they came from is not kept any longer.
    drop(event);
    Some(running.await)
}

fn reply<S: Owner>(socket: &S, id: Option<u64>, answer: Answer) {
    let Some(id) = id else { return };
    match answer {
        Ok(encoded) => socket.answer(id, encoded),
        Err(error) => {
            complain(&format!("an acknowledgement cannot be sent: {error}"));
            reply_error(socket, Some(id), "the answer cannot be sent");
        }
    }
}

fn reply_error<S: Owner>(socket: &S, id: Option<u64>, message: &str) {
    if let (Some(id), Ok(answer)) = (id, args::encode(None, &(false, message))) {
        socket.answer(id, answer);
    }
}

/// A mistake of the program that a client can repeat a million times.
pub(crate) fn complain(message: &str) {
    static SELDOM: Seldom = Seldom::new();
    if let Some(left_out) = SELDOM.allow() {
        tracing::error!(left_out, "{message}");
    } else {
        tracing::debug!("{message}");
    }
}
