//! A session's handle: the [machine](crate::machine) behind a lock, and who to wake when
//! it has something to say.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use http::{HeaderName, HeaderValue};
use tokio::time::Instant;

use crate::config::Transport;
use crate::deadlines::Expire;
use crate::machine::{CloseReason, Closed, Machine};
use crate::packet::{EncodedMessage, Message};
use crate::server::Table;
use crate::sid::Sid;

/// What is built on sessions, as Socket.IO is.
pub trait Application: Send + Sync + 'static {
    /// A client has opened a session. Returns who listens to it.
    fn open(&self, session: Session) -> Arc<dyn Receiver>;
}

/// One session's listener.
pub trait Receiver: Send + Sync + 'static {
    /// A message has come. Called in order and never twice at once for one session, by
    /// the task that reads it: it must not block.
    fn message(&self, message: Message<'_>);

    /// The session has ended. Called once, perhaps from another thread while `message`
    /// runs.
    fn close(&self, reason: CloseReason);
}

/// What the client's first request said.
#[derive(Clone, Debug, Default)]
pub struct Handshake {
    /// The query string, without its `?`.
    pub query: String,
    /// The headers, as they came. Copied, so that they do not keep the request's buffer
    /// alive.
    pub headers: Box<[(HeaderName, HeaderValue)]>,
    /// Where the connection came from, when the server knows.
    pub remote_addr: Option<SocketAddr>,
}

impl Handshake {
    /// The first header of that name, if it is text.
    ///
    /// ```
    /// # fn example(session: engine_io::Session) {
    /// let browser = session.handshake().header("user-agent").unwrap_or("a program");
    /// # }
    /// ```
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)?
            .1
            .to_str()
            .ok()
    }
}

/// One client's session: a cheap handle that outlives its connections.
///
/// ```
/// use engine_io::{CloseReason, Closed, EncodedMessage, Session};
///
/// /// Sends a picture with its title; the two belong together.
/// fn show(session: &Session, title: &str, picture: &[u8]) -> Result<(), Closed> {
///     session.send_batch(&[EncodedMessage::text(title), EncodedMessage::binary(picture)])
/// }
///
/// /// Where the mouse is: whoever is not ready now wants to know where it is then, and not where it was.
/// fn mouse(session: &Session, at: &EncodedMessage) {
///     let _was_sent: bool = session.send_volatile(std::slice::from_ref(at));
/// }
///
/// /// Has the client keep what it has to say, until our own disk has caught up.
/// fn busy(session: &Session, queued: usize) {
///     if queued > 100 { session.pause() } else { session.resume() }
/// }
///
/// fn throw_out(session: &Session) {
///     session.close(CloseReason::Forced);
///     assert!(session.is_closed());
/// }
/// ```
#[derive(Clone)]
pub struct Session(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) sid: Sid,
    handshake: Handshake,
    table: Weak<Table>,
    state: Mutex<State>,
    /// Set once the session has ended: the reader's quick look.
    ended: AtomicBool,
    /// The reader's quick look at whether to read on.
    paused: AtomicBool,
}

struct State {
    machine: Machine,
    /// The task that sends: a waiting GET, or the WebSocket's.
    writer: Option<Waker>,
    /// The task that reads, while it is paused; or that writes to a client that does not
    /// read.
    reader: Option<Waker>,
    /// Until the session ends: afterwards the application and the session need not keep
    /// each other alive.
    receiver: Option<Arc<dyn Receiver>>,
    in_table: bool,
    /// When the table's clock comes by next.
    scheduled: Option<std::time::Instant>,
}

impl Session {
    pub(crate) fn new(
        sid: Sid,
        handshake: Handshake,
        table: &Arc<Table>,
        machine: Machine,
    ) -> Self {
        Self(Arc::new(Shared {
            sid,
            handshake,
            table: Arc::downgrade(table),
            state: Mutex::new(State {
                machine,
                writer: None,
                reader: None,
                receiver: None,
                in_table: true,
                scheduled: None,
            }),
            ended: AtomicBool::new(false),
            paused: AtomicBool::new(false),
        }))
    }

    /// Connects the session with the application that listens to it. Called once, before
    /// anything arrives.
    pub(crate) fn listen(&self, application: &dyn Application) {
        let receiver = application.open(self.clone());
        self.lock().receiver = Some(receiver);
        // The application may have closed it already, and wants to hear of it.
        self.with(|_| ());
    }

    /// The session's id: a secret between this client and the server.
    pub fn id(&self) -> &str {
        self.0.sid.as_str()
    }

    /// What the client's first request said.
    pub fn handshake(&self) -> &Handshake {
        &self.0.handshake
    }

    /// What carries the session now.
    pub fn transport(&self) -> Transport {
        self.lock().machine.transport()
    }

    /// Queues a message.
    ///
    /// # Errors
    /// The session is closed, perhaps by this message: over the outbound budget it ends
    /// with [`CloseReason::SlowReader`].
    pub fn send(&self, message: &EncodedMessage) -> Result<(), Closed> {
        self.send_batch(std::slice::from_ref(message))
    }

    /// Queues messages that belong together: nothing comes between them.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_batch(&self, messages: &[EncodedMessage]) -> Result<(), Closed> {
        self.with(|machine| machine.send(now(), messages))
    }

    /// Sends the messages if they can leave at once, else drops them. Returns whether
    /// they were sent.
    pub fn send_volatile(&self, messages: &[EncodedMessage]) -> bool {
        self.with(|machine| {
            machine.is_writable() && machine.send(now(), messages).is_ok()
        })
    }

    /// Ends the session: with [`Forced`](CloseReason::Forced),
    /// [`ServerShutdown`](CloseReason::ServerShutdown) and
    /// [`ConnectTimeout`](CloseReason::ConnectTimeout) after what is queued was sent,
    /// else at once. A second call changes nothing.
    pub fn close(&self, reason: CloseReason) {
        self.with(|machine| machine.close(now(), reason));
    }

    /// Whether the session has ended.
    pub fn is_closed(&self) -> bool {
        self.0.ended.load(Ordering::Acquire)
    }

    /// Asks not to be given more messages for now. What the client sends stays with the
    /// client, and the heartbeat does not run out meanwhile.
    pub fn pause(&self) {
        self.0.paused.store(true, Ordering::Release);
        self.with(|machine| machine.set_paused(now(), true));
    }

    /// Goes on after [`pause`](Self::pause).
    pub fn resume(&self) {
        self.0.paused.store(false, Ordering::Release);
        self.with(|machine| machine.set_paused(now(), false));
        let reader = self.lock().reader.take();
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    // --- For the transports ---

    pub(crate) fn receiver(&self) -> Option<Arc<dyn Receiver>> {
        self.lock().receiver.clone()
    }

    /// Works on the machine, then does outside the lock what follows from it: wakes the
    /// writer, tells the application of the end, leaves the table.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut Machine) -> R) -> R {
        let mut state = self.lock();
        let result = work(&mut state.machine);
        let writer = if state.machine.has_output() {
            state.writer.take()
        } else {
            None
        };
        let sooner = state.sooner();
        if state.machine.ended().is_none() {
            drop(state);
            if let Some(writer) = writer {
                writer.wake();
            }
        } else {
            self.end(state, writer);
        }
        if sooner.is_some() {
            self.schedule(sooner);
        }
        result
    }

    /// Has the table's clock come by at the session's next deadline.
    pub(crate) fn start_clock(&self) {
        let first = {
            let mut state = self.lock();
            state.scheduled = state.machine.next_deadline();
            state.scheduled
        };
        self.schedule(first);
    }

    fn schedule(&self, at: Option<std::time::Instant>) {
        if let (Some(at), Some(table)) = (at, self.0.table.upgrade()) {
            table.clock.insert(Instant::from_std(at), &self.0);
        }
    }

    fn end(&self, mut state: MutexGuard<'_, State>, writer: Option<Waker>) {
        self.0.ended.store(true, Ordering::Release);
        let reason = state.machine.ended();
        let receiver = state.receiver.take();
        let leave =
            state.machine.is_closed() && std::mem::replace(&mut state.in_table, false);
        let reader = state.reader.take();
        drop(state);
        for waker in writer.into_iter().chain(reader) {
            waker.wake();
        }
        if let (Some(reason), Some(receiver)) = (reason, receiver) {
            tracing::debug!(session = ?self.0.sid, %reason, "closed");
            receiver.close(reason);
        }
        if leave && let Some(table) = self.0.table.upgrade() {
            table.remove(&self.0.sid);
        }
    }

    /// Asks the machine for output; if there is none, `cx` is woken when there is.
    pub(crate) fn poll_output<R>(
        &self,
        cx: &mut Context<'_>,
        ask: impl FnOnce(&mut Machine) -> Option<R>,
    ) -> Poll<R> {
        let mut state = self.lock();
        if let Some(output) = ask(&mut state.machine) {
            return Poll::Ready(output);
        }
        keep_waker(&mut state.writer, cx);
        Poll::Pending
    }

    /// Ready while the application wants to be given messages (or the session is over).
    pub(crate) fn poll_may_read(&self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.0.paused.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        let mut state = self.lock();
        if !state.machine.is_paused() || state.machine.ended().is_some() {
            return Poll::Ready(());
        }
        keep_waker(&mut state.reader, cx);
        Poll::Pending
    }

    /// Works on the machine, then is ready once the session is closed and has nothing
    /// more to send.
    pub(crate) fn poll_closed(
        &self,
        cx: &mut Context<'_>,
        work: impl FnOnce(&mut Machine),
    ) -> Poll<()> {
        let mut state = self.lock();
        work(&mut state.machine);
        if state.machine.is_closed() {
            return Poll::Ready(());
        }
        keep_waker(&mut state.reader, cx);
        Poll::Pending
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in an application's callback happens outside the lock: the state is
        // whole.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keep_waker(slot: &mut Option<Waker>, cx: &mut Context<'_>) {
    match slot {
        Some(waker) if waker.will_wake(cx.waker()) => {}
        _ => *slot = Some(cx.waker().clone()),
    }
}

/// Now, on tokio's clock: tests can stop it.
pub(crate) fn now() -> std::time::Instant {
    Instant::now().into_std()
}

impl State {
    /// The next deadline, if it has come to lie before the one that is scheduled: after a
    /// pong, when the next ping is due before its answer would have been.
    fn sooner(&mut self) -> Option<std::time::Instant> {
        let (next, scheduled) = (self.machine.next_deadline()?, self.scheduled?);
        if next >= scheduled {
            return None;
        }
        self.scheduled = Some(next);
        Some(next)
    }
}

impl Expire for Shared {
    fn on_deadline(self: &Arc<Self>, now: Instant) -> Option<Instant> {
        let session = Session(self.clone());
        session.with(|machine| machine.on_deadline(now.into_std()));
        let mut state = session.lock();
        if state.scheduled.is_some_and(|at| at > now.into_std()) {
            // A sooner deadline took this one's place, and is entered on its own.
            return None;
        }
        state.scheduled = state.machine.next_deadline();
        state.scheduled.map(Instant::from_std)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Session").field(&self.0.sid).finish()
    }
}
