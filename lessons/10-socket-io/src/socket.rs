//! A socket: one client in one namespace.
//!
//! Its events are handled one after another, in the order they came: a handler that
//! finishes at once runs where the event was read; one that waits goes on in a task of
//! its own, with the events behind it in a queue. So nobody's messages overtake each
//! other, and a client that sends faster than its handlers work is made to wait, not kept
//! in memory.

use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::task::{Context, Poll, Waker};

use engine_io::{CloseReason, Handshake, Session};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::ack::{self, EmitWithAck, Waiting};
use crate::broadcast::Broadcast;
use crate::connection::Connection;
use crate::data::Data;
use crate::error::{JoinError, ParseError};
use crate::handler::{Erased, ErasedHandler, Handler, Running};
use crate::members::Member;
use crate::namespace::Namespace;
use crate::recovery::Saved;
use crate::room::{Room, SocketId};
use crate::wire::args::{self, Args, Encoded, IntoArgs, RawArgs};
use crate::wire::binary;
use crate::wire::outgoing::{EncodedPacket, Outgoing};
use crate::wire::packet::PacketType;

/// Why a socket left its namespace. `Display` gives the words that Socket.IO users know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisconnectReason {
    /// The client left the namespace.
    ClientNamespace,
    /// The server put it out.
    ServerNamespace,
    /// The session below ended.
    Session(CloseReason),
}

impl DisconnectReason {
    /// Whether the client may come back to where it was: it did not leave by anybody's
    /// will.
    pub fn is_recoverable(self) -> bool {
        matches!(
            self,
            Self::Session(
                CloseReason::TransportClose
                    | CloseReason::TransportError
                    | CloseReason::PingTimeout
                    | CloseReason::SlowReader
                    | CloseReason::ServerShutdown
            )
        )
    }
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClientNamespace => f.write_str("client namespace disconnect"),
            Self::ServerNamespace => f.write_str("server namespace disconnect"),
            Self::Session(reason) => reason.fmt(f),
        }
    }
}

/// One client in one namespace: a cheap handle.
///
/// ```
/// use socket_io::{Args, DisconnectReason, Io, Socket};
///
/// let io = Io::default();
/// io.of("/chat", |socket| {
///     if !socket.recovered() {
///         socket.emit("welcome", "you are new here");
///     }
///     socket.on_any(async |socket: Socket, event: String, args: Args| {
///         println!("{}: {event}{}", socket.id(), args.json());
///     });
///     socket.on("where is the mouse?", async |socket: Socket| socket.emit_volatile("mouse", (3, 4)));
///     socket.on("leave", async |socket: Socket| socket.disconnect());
///     socket.on("log out", async |socket: Socket| socket.disconnect_all());
///     socket.on_disconnect(async |socket: Socket, reason: DisconnectReason| {
///         println!("{} went: {reason}", socket.id());
///     });
/// });
/// ```
#[derive(Clone)]
pub struct Socket(Arc<Inner>);

/// Characters of the reason why arguments do not fit.
const MAX_REASON: usize = 200;

/// On trial: middleware and the connect handler run; what is sent waits for the CONNECT
/// packet.
const ACCEPTING: u8 = 0;
const CONNECTED: u8 = 1;
const LEFT: u8 = 2;

struct Inner {
    id: SocketId,
    namespace: Namespace,
    session: Session,
    connection: Weak<Connection>,
    auth: Value,
    /// The private id for recovery.
    pid: Option<Arc<str>>,
    recovered: bool,
    state: AtomicU8,
    /// What was sent while accepting, to be delivered behind the CONNECT packet.
    early: Mutex<Vec<EncodedPacket>>,
    handlers: RwLock<Handlers>,
    rooms: Mutex<Vec<Arc<str>>>,
    acks: Mutex<HashMap<u64, Waiting>>,
    data: Arc<Data>,
    inbox: Mutex<Inbox>,
}

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;
type OnAny = Arc<dyn Fn(Socket, String, Args) -> Job + Send + Sync>;
type OnDisconnect = Arc<dyn Fn(Socket, DisconnectReason) -> Job + Send + Sync>;

#[derive(Default)]
struct Handlers {
    /// A handful: a list is smaller than a map, and as fast.
    events: Vec<(Box<str>, Arc<dyn ErasedHandler>)>,
    any: Vec<OnAny>,
    disconnect: Vec<OnDisconnect>,
}

/// Events that wait for their turn.
#[derive(Default)]
struct Inbox {
    queue: VecDeque<(Work, usize)>,
    bytes: usize,
    running: bool,
    paused: bool,
}

enum Work {
    Event {
        any: Vec<Job>,
        handler: Option<Running>,
        id: Option<u64>,
    },
    Other(Job),
}

/// What a new socket is made of.
pub(crate) struct Birth {
    pub(crate) namespace: Namespace,
    pub(crate) session: Session,
    pub(crate) connection: Weak<Connection>,
    pub(crate) auth: Value,
    pub(crate) pid: Option<Arc<str>>,
    /// What a recovered socket goes on with: its id and data, and the packets it missed.
    pub(crate) restored: Option<(SocketId, Arc<Data>, Vec<EncodedPacket>)>,
}

impl Socket {
    pub(crate) fn new(birth: Birth) -> Self {
        let recovered = birth.restored.is_some();
        let (id, data, early) = birth
            .restored
            .unwrap_or_else(|| (SocketId::random(), Arc::default(), Vec::new()));
        Self(Arc::new(Inner {
            id,
            namespace: birth.namespace,
            session: birth.session,
            connection: birth.connection,
            auth: birth.auth,
            pid: birth.pid,
            recovered,
            state: AtomicU8::new(ACCEPTING),
            early: Mutex::new(early),
            handlers: RwLock::default(),
            rooms: Mutex::default(),
            acks: Mutex::default(),
            data,
            inbox: Mutex::default(),
        }))
    }

    // --- Who it is ---

    /// The public id.
    pub fn id(&self) -> &SocketId {
        &self.0.id
    }

    /// Where it is.
    pub fn namespace(&self) -> &Namespace {
        &self.0.namespace
    }

    /// What the client handed in to connect, its `auth` option: an object, empty if it
    /// handed in nothing.
    pub fn auth(&self) -> &Value {
        &self.0.auth
    }

    /// The first request of the connection: headers, query, address.
    pub fn handshake(&self) -> &Handshake {
        self.0.session.handshake()
    }

    /// Whether the client is still here.
    pub fn connected(&self) -> bool {
        self.0.state.load(Ordering::Acquire) == CONNECTED
    }

    /// Whether the client came back with its id, rooms and data (see
    /// [`Recovery`](crate::Recovery)).
    pub fn recovered(&self) -> bool {
        self.0.recovered
    }

    /// What the application keeps with this socket.
    pub fn data(&self) -> &Data {
        &self.0.data
    }

    // --- Events in ---

    /// Handles an event. What the handler returns is the acknowledgement, if the client
    /// asked for one.
    ///
    /// Arguments are decoded into the handler's types. If they do not fit, the handler is
    /// not called, the log says why, and the acknowledgement is `false` and the
    /// reason. A second handler for the same event takes the first one's place.
    ///
    /// Events of one socket are handled one after another. A handler that wants to wait
    /// for another event of the same socket must leave that to a task.
    ///
    /// ```
    /// # use socket_io::{Io, Socket};
    /// # let io = Io::default();
    /// io.of("/chat", |socket| {
    ///     socket.on("join", async |socket: Socket, room: String| socket.join(room).is_ok());
    /// });
    /// ```
    pub fn on<H: Handler<Signature>, Signature: 'static>(&self, event: &str, handler: H) {
        let handler: Arc<dyn ErasedHandler> = Arc::new(Erased::new(handler));
        let mut handlers = self
            .0
            .handlers
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        match handlers
            .events
            .iter_mut()
            .find(|(name, _)| **name == *event)
        {
            Some(slot) => slot.1 = handler,
            None => handlers.events.push((event.into(), handler)),
        }
    }

    /// Is called for every event, before its own handler.
    pub fn on_any<F, Fut>(&self, handler: F)
    where
        F: Fn(Socket, String, Args) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let handler = Arc::new(handler);
        let handler: OnAny = Arc::new(move |socket, event, args| {
            let handler = handler.clone();
            // Called when its turn has come.
            Box::pin(async move { handler(socket, event, args).await })
        });
        self.0
            .handlers
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .any
            .push(handler);
    }

    /// Is called once, when the socket has left its namespace and all rooms, after the
    /// events that came before.
    pub fn on_disconnect<F, Fut>(&self, handler: F)
    where
        F: Fn(Socket, DisconnectReason) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let handler: OnDisconnect =
            Arc::new(move |socket, reason| Box::pin(handler(socket, reason)));
        self.0
            .handlers
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .disconnect
            .push(handler);
    }

    // --- Events out ---

    /// Sends an event to this client. If it is gone, so is the event, unless it [comes
    /// back](crate::Recovery) for it.
    pub fn emit(&self, event: &str, args: impl IntoArgs) {
        if let Some(outgoing) = Outgoing::event(event, &args) {
            self.0.namespace.send(outgoing, self);
        }
    }

    /// Sends an event to this client if it can be sent at once, and drops it otherwise:
    /// for what is soon outdated.
    pub fn emit_volatile(&self, event: &str, args: impl IntoArgs) {
        if let Some(outgoing) = Outgoing::event(event, &args) {
            self.deliver(&outgoing.encode_event(self.0.namespace.name(), None), true);
        }
    }

    /// Sends an event and asks for an answer of type `T`: await the result.
    ///
    /// ```
    /// # async fn example(socket: socket_io::Socket) -> Result<(), socket_io::AckError> {
    /// let age: u8 = socket.emit_with_ack("how old are you?", ()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn emit_with_ack<T>(&self, event: &str, args: impl IntoArgs) -> EmitWithAck<T> {
        let (sender, answers) = mpsc::unbounded_channel();
        let id = self.0.namespace.next_ack();
        if let Some(outgoing) = Outgoing::event(event, &args) {
            self.expect_ack(id, sender);
            self.deliver(
                &outgoing.encode_event(self.0.namespace.name(), Some(id)),
                false,
            );
        }
        EmitWithAck {
            socket: self.clone(),
            id,
            answers,
            timeout: ack::DEFAULT_TIMEOUT,
            _answer: PhantomData,
        }
    }

    // --- Rooms ---

    /// Joins a room.
    ///
    /// # Errors
    /// The name is too long, the socket is in too many rooms, or it has left: see
    /// [`Limits`](crate::Limits).
    pub fn join(&self, room: impl Into<Arc<str>>) -> Result<(), JoinError> {
        let room = room.into();
        let limits = self
            .0
            .connection
            .upgrade()
            .map(|connection| connection.limits())
            .unwrap_or_default();
        let mut rooms = self.lock_rooms();
        if self.has_left() {
            return Err(JoinError::Disconnected);
        }
        if rooms.contains(&room) {
            return Ok(());
        }
        if room.len() > limits.max_room_name {
            return Err(JoinError::NameTooLong);
        }
        if rooms.len() >= limits.max_rooms {
            return Err(JoinError::TooManyRooms);
        }
        self.0.namespace.adapter().join(&self.member(), &room);
        rooms.push(room);
        Ok(())
    }

    /// Leaves a room.
    pub fn leave(&self, room: &str) {
        let mut rooms = self.lock_rooms();
        if let Some(index) = rooms.iter().position(|joined| **joined == *room) {
            let room = rooms.swap_remove(index);
            self.0.namespace.adapter().leave(self.id(), &room);
        }
    }

    /// The rooms it has joined.
    pub fn rooms(&self) -> Vec<Arc<str>> {
        self.lock_rooms().clone()
    }

    /// Everybody in a room but this socket.
    pub fn to(&self, room: impl Into<Room>) -> Broadcast {
        self.broadcast().to(room)
    }

    /// Everybody but a room (or a socket), and but this one.
    pub fn except(&self, room: impl Into<Room>) -> Broadcast {
        self.broadcast().except(room)
    }

    /// Everybody in the namespace but this socket.
    pub fn broadcast(&self) -> Broadcast {
        self.0.namespace.all().except(self)
    }

    // --- The end ---

    /// Puts the client out of the namespace. It will not come back by itself.
    pub fn disconnect(&self) {
        if !self.has_left() {
            let packet =
                EncodedPacket::plain(PacketType::Disconnect, self.0.namespace.name(), "");
            self.deliver(&packet, false);
            self.leave_namespace(DisconnectReason::ServerNamespace);
        }
    }

    /// Closes the client's connection, with all its namespaces.
    pub fn disconnect_all(&self) {
        self.disconnect();
        self.0.session.close(CloseReason::Forced);
    }

    // --- For the crate ---

    /// The socket as adapters see it.
    pub(crate) fn member(&self) -> Arc<dyn Member> {
        self.0.clone()
    }

    /// The socket behind a member of its namespace.
    pub(crate) fn of(member: &Arc<dyn Member>) -> Option<Self> {
        let member: Arc<dyn Any + Send + Sync> = member.clone();
        member.downcast().ok().map(Self)
    }

    pub(crate) fn pid(&self) -> Option<&Arc<str>> {
        self.0.pid.as_ref()
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether the client may say something: it was told that it has joined.
    pub(crate) fn may_speak(&self) -> bool {
        // Its answer can be faster than `start`, which sends CONNECT and then says so,
        // under this lock.
        self.connected() || {
            let _early = self.0.early.lock().unwrap_or_else(PoisonError::into_inner);
            self.connected()
        }
    }

    pub(crate) fn has_left(&self) -> bool {
        self.0.state.load(Ordering::Acquire) == LEFT
    }

    /// Accepted: sends the CONNECT packet, then what was sent meanwhile, be it that the
    /// server puts the client out.
    pub(crate) fn start(&self, connect: &EncodedPacket) {
        let mut early = self.0.early.lock().unwrap_or_else(PoisonError::into_inner);
        let packets = std::mem::take(&mut *early);
        let _ = self.0.session.send_batch(connect.messages());
        for packet in packets {
            let _ = self.0.session.send_batch(packet.messages());
        }
        // Not if it has left meanwhile.
        let _ = self.0.state.compare_exchange(
            ACCEPTING,
            CONNECTED,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
    }

    /// Queues a packet for the client.
    pub(crate) fn deliver(&self, packet: &EncodedPacket, volatile: bool) {
        self.0.deliver(packet, volatile);
    }

    pub(crate) fn expect_ack(&self, id: u64, waiting: Waiting) {
        let mut acks = self.lock_acks();
        // Checked under the lock that leaving takes: who has left answers nothing.
        if !self.has_left() {
            acks.insert(id, waiting);
        }
    }

    pub(crate) fn forget_ack(&self, id: u64) {
        self.lock_acks().remove(&id);
    }

    /// The client answers. An answer to no question is nothing.
    pub(crate) fn acknowledged(
        &self,
        id: u64,
        raw: RawArgs<'_>,
    ) -> Result<(), ParseError> {
        let args = raw.to_args()?;
        let waiting = self.lock_acks().remove(&id);
        if let Some(waiting) = waiting {
            // Whoever asked may have given up in this moment.
            let _ = waiting.send(args);
        }
        Ok(())
    }

    /// An event has come.
    pub(crate) fn dispatch(
        &self,
        raw: RawArgs<'_>,
        id: Option<u64>,
    ) -> Result<(), ParseError> {
        let name = args::event_name(raw.array)?;
        let (handler, any) = {
            let handlers = self
                .0
                .handlers
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            let handler = handlers.events.iter().find(|(event, _)| **event == *name);
            (
                handler.map(|(_, handler)| handler.clone()),
                handlers.any.clone(),
            )
        };
        let any: Vec<Job> = if any.is_empty() {
            Vec::new()
        } else {
            let args = raw.to_args()?;
            any.iter()
                .map(|on_any| {
                    on_any(self.clone(), name.clone().into_owned(), args.clone())
                })
                .collect()
        };
        let handler = match handler {
            None => {
                binary::check_json(raw.array)?;
                None
            }
            Some(handler) => {
                match catch_unwind(AssertUnwindSafe(|| handler.start(self.clone(), raw)))
                {
                    Ok(Ok(running)) => Some(running),
                    Ok(Err(error)) if error.is_data() => {
                        // What is behind the argument that does not fit has not been
                        // looked at.
                        binary::check_json(raw.array)?;
                        // The reason quotes the client, who may have said a megabyte.
                        let reason: String =
                            error.to_string().chars().take(MAX_REASON).collect();
                        tracing::warn!(
                            event = &*name,
                            reason,
                            "arguments that do not fit"
                        );
                        self.answer_error(id, &format!("invalid arguments: {reason}"));
                        None
                    }
                    Ok(Err(error)) => return Err(error.into()),
                    Err(_) => {
                        self.handler_panicked(id);
                        None
                    }
                }
            }
        };
        if handler.is_some() || !any.is_empty() {
            self.run(Work::Event { any, handler, id }, raw.array.len());
        }
        Ok(())
    }

    /// Runs the work now if nothing is before it, and in a task if it does not finish at
    /// once.
    fn run(&self, mut work: Work, size: usize) {
        {
            let mut inbox = self.lock_inbox();
            if inbox.running {
                inbox.queue.push_back((work, size));
                inbox.bytes += size;
                let Some(connection) = self.0.connection.upgrade() else {
                    return;
                };
                if inbox.bytes > connection.limits().max_inbox && !inbox.paused {
                    inbox.paused = true;
                    connection.pause();
                }
                return;
            }
            inbox.running = true;
        }
        // Whoever is asked now is asked again by the task, with a waker that counts.
        let finished = self
            .poll_work(&mut work, &mut Context::from_waker(Waker::noop()))
            .is_ready();
        if finished && self.lock_inbox().finish() {
            return;
        }
        let socket = self.clone();
        let Some(connection) = self.0.connection.upgrade() else {
            return;
        };
        connection.spawn(async move {
            let mut next = if finished {
                socket.next_work()
            } else {
                Some(work)
            };
            while let Some(mut work) = next {
                std::future::poll_fn(|cx| socket.poll_work(&mut work, cx)).await;
                next = socket.next_work();
            }
        });
    }

    fn next_work(&self) -> Option<Work> {
        let mut inbox = self.lock_inbox();
        if inbox.finish() {
            return None;
        }
        let (work, size) = inbox.queue.pop_front()?;
        inbox.bytes -= size;
        let connection = self.0.connection.upgrade();
        if inbox.paused
            && connection
                .as_ref()
                .is_none_or(|it| inbox.bytes <= it.limits().max_inbox / 2)
        {
            inbox.paused = false;
            drop(inbox);
            if let Some(connection) = connection {
                connection.resume();
            }
        }
        Some(work)
    }

    fn poll_work(&self, work: &mut Work, cx: &mut Context<'_>) -> Poll<()> {
        let id = match work {
            Work::Event { id, .. } => *id,
            Work::Other(_) => None,
        };
        let polled = catch_unwind(AssertUnwindSafe(|| match work {
            Work::Other(job) => job.as_mut().poll(cx),
            Work::Event { any, handler, id } => {
                while let Some(job) = any.first_mut() {
                    std::task::ready!(job.as_mut().poll(cx));
                    drop(any.remove(0));
                }
                if let Some(running) = handler {
                    let answer = std::task::ready!(running.as_mut().poll(cx));
                    self.answer(*id, answer);
                }
                Poll::Ready(())
            }
        }));
        polled.unwrap_or_else(|_| {
            self.handler_panicked(id);
            Poll::Ready(())
        })
    }

    fn answer(&self, id: Option<u64>, answer: Result<Encoded, serde_json::Error>) {
        let Some(id) = id else { return };
        match answer {
            Ok(encoded) => {
                self.deliver(
                    &Outgoing::answer(encoded).encode_ack(self.0.namespace.name(), id),
                    false,
                );
            }
            Err(error) => {
                tracing::error!(%error, "an acknowledgement that cannot be sent");
                self.answer_error(Some(id), "the answer cannot be sent");
            }
        }
    }

    fn answer_error(&self, id: Option<u64>, message: &str) {
        if id.is_some() {
            self.answer(id, args::encode(None, &(false, message)));
        }
    }

    fn handler_panicked(&self, id: Option<u64>) {
        tracing::error!(socket = %self.0.id, "a handler panicked");
        self.answer_error(id, "internal error");
    }

    /// Leaves the namespace, once: rooms first, then whoever waits for an answer, then
    /// the disconnect handlers behind the events that still wait.
    pub(crate) fn leave_namespace(&self, reason: DisconnectReason) {
        let before = {
            // Under the lock of `start`: either its packets are sent before, or not at
            // all.
            let _early = self.0.early.lock().unwrap_or_else(PoisonError::into_inner);
            self.0.state.swap(LEFT, Ordering::AcqRel)
        };
        if before == LEFT {
            return;
        }
        let rooms = std::mem::take(&mut *self.lock_rooms());
        // Who came back and is gone again at once may come back again.
        let was_in = before == CONNECTED || self.0.recovered;
        let saved =
            (reason.is_recoverable() && was_in && self.0.pid.is_some()).then(|| Saved {
                id: self.0.id.clone(),
                rooms: rooms.clone(),
                data: self.0.data.clone(),
            });
        self.0.namespace.remove(self, &rooms, saved);
        self.lock_acks().clear();
        let connection = self.0.connection.upgrade();
        if let Some(connection) = &connection {
            connection.forget(self);
        }
        let socket = self.clone();
        self.run(
            Work::Other(Box::pin(async move {
                let handlers = std::mem::take(
                    &mut *socket
                        .0
                        .handlers
                        .write()
                        .unwrap_or_else(PoisonError::into_inner),
                );
                if before == CONNECTED {
                    for on_disconnect in handlers.disconnect {
                        on_disconnect(socket.clone(), reason).await;
                    }
                }
            })),
            0,
        );
    }

    /// The client is back on another connection, and this one did not notice.
    pub(crate) fn replaced(&self) {
        self.leave_namespace(DisconnectReason::Session(CloseReason::TransportClose));
        self.0.session.close(CloseReason::TransportClose);
    }

    fn lock_rooms(&self) -> MutexGuard<'_, Vec<Arc<str>>> {
        self.0.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_acks(&self) -> MutexGuard<'_, HashMap<u64, Waiting>> {
        self.0.acks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_inbox(&self) -> MutexGuard<'_, Inbox> {
        self.0.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inbox {
    /// The work at hand is done. Returns whether there is no other; then the next event
    /// runs where it is read.
    fn finish(&mut self) -> bool {
        self.running = !self.queue.is_empty();
        !self.running
    }
}

impl Member for Inner {
    fn id(&self) -> &SocketId {
        &self.id
    }

    fn deliver(&self, packet: &EncodedPacket, volatile: bool) -> bool {
        if self.state.load(Ordering::Acquire) == ACCEPTING {
            let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
            if self.state.load(Ordering::Acquire) == ACCEPTING {
                if !volatile {
                    early.push(packet.clone());
                }
                return !volatile;
            }
        }
        match self.state.load(Ordering::Acquire) {
            CONNECTED if volatile => self.session.send_volatile(packet.messages()),
            // An error says that the session has ended, and it says so to the connection
            // too.
            CONNECTED => self.session.send_batch(packet.messages()).is_ok(),
            _ => false,
        }
    }
}

impl From<&Socket> for Room {
    fn from(socket: &Socket) -> Self {
        Self::Own(socket.id().clone())
    }
}

impl PartialEq for Socket {
    fn eq(&self, other: &Self) -> bool {
        self.is(other)
    }
}

impl Eq for Socket {}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("id", &self.0.id.as_str())
            .field("namespace", &self.0.namespace)
            .finish()
    }
}
