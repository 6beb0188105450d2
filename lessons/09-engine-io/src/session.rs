//! A session's handle: the [machine](crate::machine) behind a lock, and which task to
//! wake when the machine has something for it.
//!
//! Up to three tasks wait on one session at the same time: a GET for output, a POST that
//! may not read on, and a WebSocket, during an upgrade next to the other two. Each wait
//! has its own waker slot ([`Role`]), so that no task can take another task's place,
//! and the end of the session wakes all of them.

use std::fmt;
use std::sync::{Arc, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::Span;

use super::sync::{AtomicBool, Mutex, MutexGuard, Ordering};
use crate::config::Transport;
use crate::deadlines::Expire;
use crate::guard::guarded;
use crate::handshake::Handshake;
use crate::machine::{CloseReason, Closed, Machine};
use crate::measure;
use crate::packet::{EncodedMessage, Message};
use crate::sid::Sid;
use crate::span::SessionSpan;

/// The program that is built on sessions, as Socket.IO is.
///
/// A panic in `open` ends the session that was to be opened, with
/// [`Panicked`](CloseReason::Panicked), and nothing else: its client gets 500, or a close
/// frame.
///
/// ```
/// use engine_io::{Application, CloseReason, EncodedMessage, Message, Receiver, Session};
/// use std::sync::Arc;
///
/// struct Echo;
/// struct Client(Session);
///
/// impl Application for Echo {
///     fn open(&self, session: Session) -> Arc<dyn Receiver> {
///         Arc::new(Client(session))
///     }
/// }
///
/// impl Receiver for Client {
///     fn message(&self, message: Message<'_>) {
///         if let Message::Text(text) = message {
///             // An error says that the session has ended.
///             let _ = self.0.send(&EncodedMessage::text(text));
///         }
///     }
///
///     fn close(&self, reason: CloseReason) {
///         println!("gone: {reason}");
///     }
/// }
/// ```
pub trait Application: Send + Sync + 'static {
    /// A client has opened a session. Returns the listener for it.
    fn open(&self, session: Session) -> Arc<dyn Receiver>;
}

/// One session's listener.
///
/// A panic in `message` ends the session with [`Panicked`](CloseReason::Panicked), after
/// what is queued was sent; `close` is then called as after any other end. A panic in
/// `close` or `upgraded`, or in the receiver's `Drop`, ends nothing more. Each of them is
/// logged as an error.
pub trait Receiver: Send + Sync + 'static {
    /// A message has arrived. Called in order and never twice at once for one session, by
    /// the task that reads it: it must not block.
    fn message(&self, message: Message<'_>);

    /// The session has moved to a WebSocket. Called once at most, between two messages.
    fn upgraded(&self) {}

    /// The session has ended. Called once, perhaps from another thread while `message`
    /// runs.
    fn close(&self, reason: CloseReason);
}

/// The part of the server that a session calls.
pub(crate) trait Registry: Send + Sync + 'static {
    /// The session has ended and has nothing more to send. `scheduled` is the deadline
    /// that the clock still has.
    fn left(&self, session: &Arc<Shared>, scheduled: Option<Instant>);

    /// The session wants `on_deadline` to be called at `at`, and no more at `instead_of`.
    fn wake_at(&self, at: Instant, instead_of: Option<Instant>, session: &Arc<Shared>);

    /// The session now holds `after` bytes for its client, and held `before`.
    fn held(&self, before: usize, after: usize);
}

/// Why a task waits on a session.
#[derive(Clone, Copy)]
enum Role {
    /// A GET, for output.
    Poll,
    /// A POST, until the application reads again.
    Post,
    /// A WebSocket that has nothing to write, for output.
    Writer,
    /// A WebSocket that must not read, or cannot write: until the application reads again,
    /// or the session ends.
    Stalled,
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
/// /// Where the mouse is: a client that is not ready now needs the next position, not this one.
/// fn mouse(session: &Session, at: &EncodedMessage) {
///     let _was_sent: bool = session.send_volatile(std::slice::from_ref(at));
/// }
///
/// /// Leaves messages with the client until our own disk has caught up.
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
    registry: Weak<dyn Registry>,
    state: Mutex<State>,
    /// Set once the session has ended: the reader's quick look.
    ended: AtomicBool,
    /// The reader's quick look at whether to read on.
    paused: AtomicBool,
    /// The client wants binary messages as text.
    base64: bool,
    span: SessionSpan,
    pub(crate) traffic: measure::Traffic,
}

struct State {
    machine: Machine,
    /// By [`Role`].
    wakers: [Option<Waker>; 4],
    /// Until the session ends: afterwards the application and the session need not keep
    /// each other alive.
    receiver: Option<Arc<dyn Receiver>>,
    registered: bool,
    /// Bytes that the registry knows to be held.
    held: usize,
    /// When the clock comes by next.
    scheduled: Option<Instant>,
    /// Tasks that wait until nothing is held: made by the first one.
    drained: Option<Arc<Notify>>,
    place: measure::Place,
}

impl Session {
    pub(crate) fn new(
        sid: Sid,
        handshake: Handshake,
        registry: Weak<dyn Registry>,
        machine: Machine,
        traffic: measure::Traffic,
    ) -> Self {
        Self(Arc::new(Shared {
            sid,
            base64: handshake.parameter("b64").as_deref() == Some("1"),
            span: SessionSpan::new(sid, &handshake, machine.transport()),
            handshake,
            registry,
            state: Mutex::new(State {
                machine,
                wakers: [const { None }; 4],
                receiver: None,
                registered: true,
                held: 0,
                scheduled: None,
                drained: None,
                place: measure::Place::new(),
            }),
            ended: AtomicBool::new(false),
            paused: AtomicBool::new(false),
            traffic,
        }))
    }

    /// Connects the session with the application that listens to it. Called once, before
    /// anything arrives. Returns whether the application has taken it.
    pub(crate) fn listen(&self, application: &dyn Application) -> bool {
        {
            let mut state = self.lock();
            let transport = state.machine.transport();
            state.place.open(transport);
        }
        let _in = self.0.span.enter();
        let receiver = guarded("open", || application.open(self.clone()));
        let taken = receiver.is_some();
        self.lock().receiver = receiver;
        // The application may have closed it already, and wants to hear of it.
        self.with(|machine| {
            if !taken {
                machine.close(now(), CloseReason::Panicked);
                machine.writer_ended();
            }
        });
        taken
    }

    /// The session's id: a secret between this client and the server.
    pub fn id(&self) -> &str {
        self.0.sid.as_str()
    }

    /// The client's first request.
    pub fn handshake(&self) -> &Handshake {
        &self.0.handshake
    }

    /// The transport that carries the session now.
    pub fn transport(&self) -> Transport {
        self.lock().machine.transport()
    }

    /// Returns the session's tracing span, for tasks that work for this client. It has
    /// the level debug: there is none if nothing listened at that level when the session
    /// opened. [`Receiver`]'s methods are called inside it.
    ///
    /// ```
    /// use tracing::{Instrument, Span};
    ///
    /// fn look_up(session: &engine_io::Session) {
    ///     let span = session.span().cloned().unwrap_or_else(Span::none);
    ///     let work = async { tracing::debug!("this line says for which client") };
    ///     tokio::spawn(work.instrument(span));
    /// }
    /// ```
    #[inline]
    pub fn span(&self) -> Option<&Span> {
        self.0.span.get()
    }

    /// Queues a message.
    ///
    /// # Errors
    /// Returns an error if the session is closed, perhaps by this message: over the
    /// outbound budget it ends with [`CloseReason::SlowReader`].
    pub fn send(&self, message: &EncodedMessage) -> Result<(), Closed> {
        self.send_batch(std::slice::from_ref(message))
    }

    /// Queues messages that belong together: nothing comes between them.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_batch(&self, messages: &[EncodedMessage]) -> Result<(), Closed> {
        if self.0.base64 && messages.iter().any(EncodedMessage::is_binary) {
            let messages: Vec<_> =
                messages.iter().map(EncodedMessage::as_base64).collect();
            return self.queue(&messages);
        }
        self.queue(messages)
    }

    #[inline]
    fn queue(&self, messages: &[EncodedMessage]) -> Result<(), Closed> {
        self.with(|machine| machine.send(now(), messages))
            .inspect_err(|_| measure::dropped("refused", messages.len()))
    }

    /// Sends the messages if they can leave at once; otherwise drops them. Returns whether
    /// they were sent.
    pub fn send_volatile(&self, messages: &[EncodedMessage]) -> bool {
        if !self.lock().machine.is_writable() {
            measure::dropped("volatile", messages.len());
            return false;
        }
        self.send_batch(messages).is_ok()
    }

    /// Returns how many bytes wait for the client: queued, or not yet written.
    pub fn outstanding(&self) -> usize {
        self.lock().machine.outstanding()
    }

    /// Completes once nothing waits for the client: everything that was sent so far has
    /// been written to its connection, or is in the response to its poll. Whether the
    /// client has read it is a question for an acknowledgement.
    ///
    /// ```
    /// # use engine_io::{Closed, EncodedMessage, Session};
    /// /// Sends a file in pieces, each when the one before has left.
    /// async fn send_file(session: &Session, file: &[u8]) -> Result<(), Closed> {
    ///     for piece in file.chunks(64 * 1024) {
    ///         session.send(&EncodedMessage::binary(piece))?;
    ///         session.drained().await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// Returns an error if the session ended first.
    pub async fn drained(&self) -> Result<(), Closed> {
        loop {
            let notified = {
                let mut state = self.lock();
                if state.machine.ended().is_some() {
                    return Err(Closed);
                }
                if state.machine.outstanding() == 0 {
                    return Ok(());
                }
                // Under the lock, so that no notification can be missed.
                let drained = state.drained.get_or_insert_default();
                drained.clone().notified_owned()
            };
            notified.await;
        }
    }

    /// Ends the session, for the application with `reason`. Queued messages are sent first,
    /// and nothing more is received; only a client that does not read or does not answer
    /// ([`SlowReader`](CloseReason::SlowReader),
    /// [`MemoryPressure`](CloseReason::MemoryPressure),
    /// [`PingTimeout`](CloseReason::PingTimeout), [`Stalled`](CloseReason::Stalled)) is
    /// cut off at once, and so is one over polling after a
    /// [`TransportError`](CloseReason::TransportError) or
    /// [`TransportClose`](CloseReason::TransportClose). A second call changes nothing.
    pub fn close(&self, reason: CloseReason) {
        self.with(|machine| machine.close(now(), reason));
    }

    /// Whether the session has ended.
    pub fn is_closed(&self) -> bool {
        self.0.ended.load(Ordering::Acquire)
    }

    /// Stops the delivery of messages for now. The client keeps what it has not sent yet,
    /// and the heartbeat excuses a missing pong in the meantime. If the application neither
    /// resumes nor calls this again, to show that it is alive, the session ends after
    /// [`Config::pause_timeout`](crate::Config::pause_timeout).
    pub fn pause(&self) {
        self.set_paused(true);
    }

    /// Continues after [`pause`](Self::pause).
    pub fn resume(&self) {
        self.set_paused(false);
        let readers = {
            let mut state = self.lock();
            [Role::Post, Role::Stalled].map(|role| state.wakers[role as usize].take())
        };
        readers.into_iter().flatten().for_each(Waker::wake);
    }

    fn set_paused(&self, paused: bool) {
        self.with(|machine| {
            machine.set_paused(now(), paused);
            // Under the lock: of two calls at the same time, both must agree on the last.
            self.0.paused.store(paused, Ordering::Release);
        });
    }

    // --- For the transports ---

    pub(crate) fn receiver(&self) -> Option<Arc<dyn Receiver>> {
        self.lock().receiver.clone()
    }

    /// Hands a message to the application. One that panics over it loses the session.
    pub(crate) fn deliver(&self, receiver: &dyn Receiver, message: Message<'_>) {
        let _in = self.0.span.enter();
        if guarded("message", || receiver.message(message)).is_none() {
            self.close(CloseReason::Panicked);
        }
    }

    /// Works on the machine, then does outside the lock what follows from it: wakes the
    /// writer, tells the application of the end, leaves the registry.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut Machine) -> R) -> R {
        let mut state = self.lock();
        let result = work(&mut state.machine);
        let drained = self.account(&mut state);
        let writers = if state.machine.has_output() {
            [Role::Poll, Role::Writer].map(|role| state.wakers[role as usize].take())
        } else {
            [None, None]
        };
        let reschedule = state.sooner();
        if state.machine.ended().is_none() {
            drop(state);
            writers.into_iter().flatten().for_each(Waker::wake);
        } else {
            self.end(state, writers);
        }
        if let Some(drained) = drained {
            drained.notify_waiters();
        }
        if let Some((at, instead_of)) = reschedule {
            self.schedule(at, Some(instead_of));
        }
        result
    }

    /// Ends the session and drops what is queued, also when it is ending already: for a
    /// peer that does not fetch, or that cannot be talked to.
    pub(crate) fn abort(&self, reason: CloseReason) {
        self.with(|machine| {
            machine.close(now(), reason);
            machine.writer_ended();
        });
    }

    /// The session has moved to a WebSocket.
    pub(crate) fn upgraded(&self) {
        self.lock().place.upgrade();
        self.0.span.moved(Transport::WebSocket);
        let _in = self.0.span.enter();
        tracing::debug!(session = ?self.0.sid, "upgraded");
        if let Some(receiver) = self.receiver() {
            guarded("upgraded", || receiver.upgraded());
        }
    }

    /// Whether the session has ended and has nothing more to send.
    pub(crate) fn is_gone(&self) -> bool {
        self.lock().machine.is_closed()
    }

    /// Returns since when this client has taken nothing, and how much waits for it.
    pub(crate) fn idle(
        &self,
        now: std::time::Instant,
    ) -> Option<(std::time::Instant, usize)> {
        let mut state = self.lock();
        let since = state.machine.waiting_since(now)?;
        Some((since, state.machine.outstanding()))
    }

    /// Lets the clock come by at the session's next deadline.
    pub(crate) fn start_clock(&self) {
        let first = {
            let mut state = self.lock();
            state.scheduled = state.machine.next_deadline().map(Instant::from_std);
            state.scheduled
        };
        if let Some(first) = first {
            self.schedule(first, None);
        }
    }

    fn schedule(&self, at: Instant, instead_of: Option<Instant>) {
        if let Some(registry) = self.0.registry.upgrade() {
            registry.wake_at(at, instead_of, &self.0);
        }
    }

    /// Tells the registry how much is held. Returns the notification for tasks that wait
    /// until nothing is, or that must learn that nothing more will leave.
    fn account(&self, state: &mut State) -> Option<Arc<Notify>> {
        let holds = state.machine.outstanding();
        let held = std::mem::replace(&mut state.held, holds);
        if held != holds
            && let Some(registry) = self.0.registry.upgrade()
        {
            registry.held(held, holds);
        }
        if state.drained.is_some() && (holds == 0 || state.machine.ended().is_some()) {
            return state.drained.take();
        }
        None
    }

    fn end(&self, mut state: MutexGuard<'_, State>, writers: [Option<Waker>; 2]) {
        self.0.ended.store(true, Ordering::Release);
        let reason = state.machine.close_reason();
        let receiver = state.receiver.take();
        let leaves =
            state.machine.is_closed() && std::mem::replace(&mut state.registered, false);
        let scheduled = if leaves { state.scheduled.take() } else { None };
        if leaves {
            state.place.leave();
        }
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        let all = writers.into_iter().chain(wakers);
        all.flatten().for_each(Waker::wake);
        if let (Some(reason), Some(receiver)) = (reason, receiver) {
            let _in = self.0.span.enter();
            tracing::debug!(session = ?self.0.sid, %reason, "closed");
            measure::closed(reason);
            guarded("close", || receiver.close(reason));
            guarded("drop", || drop(receiver));
        }
        if leaves && let Some(registry) = self.0.registry.upgrade() {
            registry.left(&self.0, scheduled);
        }
    }

    /// Asks the machine for the answer to a GET. If there is none, the task is woken when
    /// there is.
    pub(crate) fn poll_answer(&self, cx: &mut Context<'_>) -> Poll<Vec<EncodedMessage>> {
        self.poll(Role::Poll, cx, Machine::poll)
    }

    /// Asks the machine for what the WebSocket writes next. If there is nothing, the task
    /// is woken when there is.
    pub(crate) fn poll_output<R>(
        &self,
        cx: &mut Context<'_>,
        ask: impl FnOnce(&mut Machine) -> Option<R>,
    ) -> Poll<R> {
        self.poll(Role::Writer, cx, ask)
    }

    /// Whether the application has paused the session: a check without the lock.
    pub(crate) fn is_paused(&self) -> bool {
        self.0.paused.load(Ordering::Acquire)
    }

    /// Ready while a POST may continue: the application is reading, or the session has
    /// ended.
    pub(crate) fn poll_may_post(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_may_read(Role::Post, cx)
    }

    /// Ready while a WebSocket may read on.
    pub(crate) fn poll_may_receive(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_may_read(Role::Stalled, cx)
    }

    fn poll_may_read(&self, role: Role, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_paused() {
            return Poll::Ready(());
        }
        self.poll(role, cx, |machine| {
            (!machine.is_paused() || machine.ended().is_some()).then_some(())
        })
    }

    /// Works on the machine, then is ready once the session is closed and has nothing
    /// more to send: for a WebSocket that cannot write.
    pub(crate) fn poll_closed(
        &self,
        cx: &mut Context<'_>,
        work: impl FnOnce(&mut Machine),
    ) -> Poll<()> {
        self.poll(Role::Stalled, cx, |machine| {
            work(machine);
            machine.is_closed().then_some(())
        })
    }

    fn poll<R>(
        &self,
        role: Role,
        cx: &mut Context<'_>,
        ask: impl FnOnce(&mut Machine) -> Option<R>,
    ) -> Poll<R> {
        let mut state = self.lock();
        let output = ask(&mut state.machine);
        let drained = self.account(&mut state);
        if output.is_none() {
            match &mut state.wakers[role as usize] {
                Some(waker) if waker.will_wake(cx.waker()) => {}
                slot => *slot = Some(cx.waker().clone()),
            }
        }
        drop(state);
        if let Some(drained) = drained {
            drained.notify_waiters();
        }
        output.map_or(Poll::Pending, Poll::Ready)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in an application's callback happens outside the lock: the state is
        // whole.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Now, on tokio's clock: tests can stop it.
pub(crate) fn now() -> std::time::Instant {
    Instant::now().into_std()
}

impl State {
    /// The next deadline and the scheduled one, if the next is now the earlier of the two:
    /// after a pong, when the next ping is due before the pong would have been.
    fn sooner(&mut self) -> Option<(Instant, Instant)> {
        let next = Instant::from_std(self.machine.next_deadline()?);
        let scheduled = self.scheduled?;
        if next >= scheduled {
            return None;
        }
        self.scheduled = Some(next);
        Some((next, scheduled))
    }
}

impl Expire for Shared {
    fn on_deadline(self: &Arc<Self>, now: Instant) -> Option<Instant> {
        let session = Session(self.clone());
        session.with(|machine| machine.on_deadline(now.into_std()));
        let mut state = session.lock();
        if state.scheduled.is_some_and(|at| at > now) {
            // A sooner deadline took this one's place, and is entered on its own.
            return None;
        }
        state.scheduled = state.machine.next_deadline().map(Instant::from_std);
        state.scheduled
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Session").field(&self.0.sid).finish()
    }
}
