//! A socket's events, one after another.
//!
//! Each socket has its own task for them, which starts with the first event and ends when
//! none is left: an idle socket has no task. A handler that waits delays the later events
//! of its socket, and not those of other sockets.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use crate::handler::{Found, HandlerId, Handlers, Hook, Registered};
use crate::machine::Event;
use crate::reason::DisconnectReason;
use crate::reply::{Ack, Answering, Reply};
use crate::tasks::{Quarantine, complain, guarded, guarded_async};
use crate::wire::args::{self, RawArgs};

/// Characters of the reason why arguments do not fit.
const MAX_REASON: usize = 200;

/// A socket, as its inbox sees it.
pub(crate) trait Owner: Answering {
    fn inbox(&self) -> &Inbox<Self>;
    /// The rooms that the socket was in when it left are no longer needed.
    fn forget_rooms(&self);
}

/// Handlers, and the events that wait for them.
pub(crate) struct Inbox<S> {
    handlers: RwLock<Quarantine<Handlers<S>>>,
    /// Whether one of them listens to what is sent.
    observed: AtomicBool,
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
    /// The client has moved to a WebSocket.
    Upgraded,
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
            observed: AtomicBool::new(false),
            queue: Mutex::default(),
        }
    }

    /// Changes the handlers.
    pub(crate) fn edit<R>(&self, edit: impl FnOnce(&mut Handlers<S>) -> R) -> Option<R> {
        let mut handlers = self
            .handlers
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let handlers = handlers.get_mut()?;
        let result = edit(handlers);
        let observed = handlers.has(|hook| matches!(hook, Hook::Outgoing(_)));
        self.observed.store(observed, Ordering::Relaxed);
        Some(result)
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

    /// Queues the news of the upgrade, if a hook wants it. Returns whether a task must be
    /// started for [`run`].
    pub(crate) fn upgraded(&self) -> bool {
        let wanted =
            self.read(|handlers| handlers.has(|it| matches!(it, Hook::Upgrade(_))));
        if wanted != Some(true) {
            return false;
        }
        let mut queue = self.lock();
        queue.work.push_back(Work::Upgraded);
        !std::mem::replace(&mut queue.running, true)
    }

    /// Queues the end. Returns whether a task must be started for [`run`].
    pub(crate) fn finish(&self, reason: DisconnectReason, told: bool) -> bool {
        let mut queue = self.lock();
        queue.work.push_back(Work::Last { reason, told });
        !std::mem::replace(&mut queue.running, true)
    }

    fn listens(&self, event: &Event) -> bool {
        let name = args::event_name(&event.array);
        self.read(|handlers| name.is_ok_and(|name| handlers.listens(&name)))
            .unwrap_or_default()
    }

    /// `None` if the handlers are gone.
    fn read<R>(&self, read: impl FnOnce(&Handlers<S>) -> R) -> Option<R> {
        let handlers = self.handlers.read().unwrap_or_else(PoisonError::into_inner);
        handlers.get().map(read)
    }

    fn hooks(&self, wanted: impl Fn(&Hook<S>) -> bool) -> Vec<Hook<S>> {
        self.read(|handlers| handlers.hooks(wanted))
            .unwrap_or_default()
    }

    /// Removes all handlers. Returns those for the end.
    fn take_disconnect(&self) -> Vec<Hook<S>> {
        let handlers = {
            let mut handlers = self
                .handlers
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            handlers.take()
        };
        self.observed.store(false, Ordering::Relaxed);
        let disconnect = |handlers: Handlers<S>| {
            handlers.hooks(|hook| matches!(hook, Hook::Disconnect(_)))
        };
        // Without the lock: dropping the others runs a user's code.
        handlers
            .and_then(|handlers| guarded(|| disconnect(handlers)))
            .unwrap_or_default()
    }

    /// The handlers of an event.
    fn find(&self, event: &str) -> Found<S> {
        self.read(|handlers| handlers.of(event)).unwrap_or_default()
    }

    /// Removes what was registered under this id. Returns whether it was there.
    pub(crate) fn remove(&self, id: HandlerId) -> bool {
        let removed = self.edit(|handlers| handlers.remove(id));
        removed.is_some_and(|(events, hook)| !events.is_empty() || hook.is_some())
    }

    /// Calls the listeners to what is sent with the event that `event` returns, if there
    /// are any. The events that a listener sends are not listened to.
    pub(crate) fn observe(&self, event: impl FnOnce() -> Option<args::Event>) {
        thread_local! {
            static LISTENING: Cell<bool> = const { Cell::new(false) };
        }
        if !self.observed.load(Ordering::Relaxed) || LISTENING.replace(true) {
            return;
        }
        let listeners = self.hooks(|hook| matches!(hook, Hook::Outgoing(_)));
        if let Some(args::Event { name, args }) = &event() {
            for listener in listeners {
                if let Hook::Outgoing(call) = listener
                    && guarded(move || call(name, args)).is_none()
                {
                    complain("a listener to outgoing events panicked");
                }
            }
        }
        LISTENING.set(false);
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
            let cost = event.cost;
            let mut reply = Reply::new(socket, event.id);
            let handled = {
                let work = pin!(Some(handle(socket, event, &mut reply)));
                guarded_async(work).await
            };
            if handled.is_none() {
                complain("a handler panicked when it was dropped");
                reply.failed("internal error");
            }
            let due_later = reply.settle();
            socket.work_done(cost - due_later);
        }
        Work::Upgraded => {
            for hook in socket.inbox().hooks(|it| matches!(it, Hook::Upgrade(_))) {
                let Hook::Upgrade(call) = hook else {
                    continue;
                };
                let work = async move { call(socket.clone()).await };
                if guarded_async(pin!(Some(work))).await.is_none() {
                    complain("an upgrade handler panicked");
                }
            }
        }
        Work::Last { reason, told } => {
            if told {
                let last = |hook: &Hook<S>| matches!(hook, Hook::Disconnecting(_));
                say_goodbye(socket, socket.inbox().hooks(last), reason).await;
            }
            socket.forget_rooms();
            let hooks = socket.inbox().take_disconnect();
            if told {
                say_goodbye(socket, hooks, reason).await;
            }
        }
    }
}

/// Calls these handlers with the reason why the client left.
async fn say_goodbye<S: Owner>(
    socket: &S,
    hooks: Vec<Hook<S>>,
    reason: DisconnectReason,
) {
    for hook in hooks {
        let (Hook::Disconnecting(call) | Hook::Disconnect(call)) = hook else {
            continue;
        };
        // It takes the handler along: dropping the last of it can panic, too.
        let work = async move { call((socket.clone(), reason)).await };
        if guarded_async(pin!(Some(work))).await.is_none() {
            complain("a disconnect handler panicked");
        }
    }
}

/// An event as it came, or as middleware passed it on.
pub(crate) enum Source {
    Wire(Event),
    Passed(args::Event),
}

impl Source {
    fn raw(&self) -> RawArgs<'_> {
        match self {
            Self::Wire(event) => event.raw(),
            Self::Passed(event) => event.args.raw(),
        }
    }

    fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Wire(event) => args::event_name(&event.array).unwrap_or_default(),
            Self::Passed(event) => (&event.name).into(),
        }
    }
}

/// Calls the handlers of an event.
async fn handle<S: Owner>(socket: &S, event: Event, reply: &mut Reply<'_, S>) {
    let Ok(name) = args::event_name(&event.array) else {
        return;
    };
    let mut found = socket.inbox().find(&name);
    let source = if found.hooks.is_empty() {
        drop(name);
        Source::Wire(event)
    } else {
        let Ok(args) = event.raw().to_args() else {
            return;
        };
        let name = name.into_owned();
        drop(event);
        let event = args::Event { name, args };
        let Some(event) = pass(socket, found.hooks, event, reply).await else {
            return;
        };
        // Another name, perhaps; and the handlers may have changed.
        found = socket.inbox().find(&event.name);
        Source::Passed(event)
    };
    let handlers = found.first.into_iter().chain(found.others);
    let remove = |id| socket.inbox().remove(id);
    call_each(socket, handlers, source, remove, reply).await;
}

/// Calls an event's own handlers, one after another. `remove` removes one that is called
/// once.
pub(crate) async fn call_each<S: Clone + Send + 'static, A: Answering>(
    handle: &S,
    handlers: impl Iterator<Item = Registered<S>>,
    source: Source,
    remove: impl Fn(HandlerId) -> bool,
    reply: &mut Reply<'_, A>,
) {
    let mut handlers = handlers.peekable();
    let mut source = Some(source);
    while let Some(Registered { id, once, handler }) = handlers.next() {
        let Some(event) = &source else { break };
        let ack = &mut || reply.own_ack();
        let running = match handler.start(handle.clone(), event.raw(), ack) {
            Ok(running) => running,
            Err(error) => {
                // The reason quotes the client, who may have said a megabyte.
                let reason: String = error.to_string().chars().take(MAX_REASON).collect();
                let event = &*event.name();
                tracing::debug!(event, reason, "arguments that do not fit");
                reply.failed(format!("invalid arguments: {reason}"));
                continue;
            }
        };
        if handlers.peek().is_none() {
            // The last handler has its arguments: the packet need not be kept for another.
            source = None;
        }
        if once && !remove(id) {
            continue;
        }
        let Some(returned) = guarded_async(pin!(Some(running))).await else {
            complain("a handler panicked");
            reply.failed("internal error");
            continue;
        };
        reply.returned(returned);
    }
}

/// Calls middleware, then the handlers of every event. Returns the event that is left for
/// its own handlers.
async fn pass<S: Owner>(
    socket: &S,
    hooks: Vec<Hook<S>>,
    mut event: args::Event,
    reply: &mut Reply<'_, S>,
) -> Option<args::Event> {
    for hook in &hooks {
        let Hook::Middleware(check) = hook else {
            continue;
        };
        let verdict = async { check((socket.clone(), event)).await };
        event = match guarded_async(pin!(Some(verdict))).await {
            Some(Ok(event)) => event,
            Some(Err(reason)) => {
                tracing::debug!(reason, "middleware refused an event");
                reply.refused(&reason);
                return None;
            }
            None => {
                complain("a middleware for events panicked");
                reply.refused("internal error");
                return None;
            }
        };
    }
    for hook in &hooks {
        let Hook::Any(wants_ack, call) = hook else {
            continue;
        };
        let ack = if *wants_ack { reply.ack() } else { Ack::none() };
        let work = async { call((socket.clone(), event.clone(), ack)).await };
        if guarded_async(pin!(Some(work))).await.is_none() {
            complain("a catch-all handler panicked");
            reply.failed("internal error");
        }
    }
    Some(event)
}
