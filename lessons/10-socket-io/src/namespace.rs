//! Namespaces: one connection, several conversations. What the talk calls a controller.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::adapter::Adapter;
use crate::broadcast::Broadcast;
use crate::config::Config;
use crate::entrance::{Entrance, Middleware};
use crate::error::ConnectError;
use crate::parent::Parent;
use crate::recovery::{Log, Restored, Saved};
use crate::room::{Room, Selection};
use crate::sent::Number;
use crate::socket::Socket;
use crate::wire::args::IntoArgs;
use crate::wire::outgoing::{EncodedPacket, Outgoing};

/// A namespace, like `/chat`: a handle to who is in it.
///
/// ```
/// # let io = socket_io::Io::default();
/// let chat = io.of("/chat", |socket| println!("{} is here", socket.id()));
/// chat.emit("news", "hello, everyone");
/// chat.to("tea").except("asleep").emit("news", "tea is ready");
/// for socket in chat.fetch_sockets() {
///     println!("{} is in {:?}", socket.id(), socket.rooms());
/// }
/// assert_eq!((chat.name(), chat.count()), ("/chat", 0));
/// ```
#[derive(Clone)]
pub struct Namespace(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    entrance: Entrance<Socket>,
    /// Of a namespace that a predicate has accepted.
    parent: Option<Arc<Parent>>,
    announced: Once,
    adapter: Box<dyn Adapter>,
    next_ack: AtomicU64,
    ack_timeout: Duration,
    recovery: Option<Mutex<Log>>,
    /// Bytes that may be queued for a client.
    outbound_budget: usize,
    /// A client that comes back is not asked by middleware again.
    skip_middlewares: bool,
    /// From how many bytes on a broadcast is compressed, if at all.
    compress_from: Option<usize>,
}

impl Namespace {
    pub(crate) fn new(name: &str, parent: Option<&Arc<Parent>>, config: &Config) -> Self {
        Self(Arc::new(Inner {
            name: name.into(),
            entrance: Entrance::default(),
            parent: parent.cloned(),
            announced: Once::new(),
            adapter: config.adapters.make(name),
            next_ack: AtomicU64::new(0),
            ack_timeout: config.ack_timeout,
            skip_middlewares: config.recovery.is_none_or(|it| it.skip_middlewares),
            outbound_budget: config.engine.outbound_budget,
            compress_from: config
                .engine
                .per_message_deflate
                .map(|deflate| deflate.threshold),
            recovery: config.recovery.map(|limits| Mutex::new(Log::new(limits))),
        }))
    }

    /// Returns the name, with its slash.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Asks `check` before a socket may join: it sees the socket, its
    /// [`auth`](Socket::auth) and its [`handshake`](Socket::handshake). An error is
    /// what the client's `connect_error` gets. Several are asked in the order they
    /// were added. One that panics refuses the client, and so does one that has not
    /// answered within [`Config::connect_timeout`](crate::Config::connect_timeout).
    ///
    /// ```
    /// use socket_io::{ConnectError, Io, Socket};
    /// let io = Io::default();
    /// io.of("/admin", |_| {}).middleware(async |socket: Socket| {
    ///     if socket.auth()["token"] == "secret" { Ok(()) } else { Err(ConnectError::new("not you")) }
    /// });
    /// ```
    pub fn middleware<F, Fut>(&self, check: F) -> &Self
    where
        F: FnOnce(Socket) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<(), ConnectError>> + Send + 'static,
    {
        self.0.entrance.add_middleware(check);
        self
    }

    /// Calls `on_connect` with each socket that joins, after the handlers that were added
    /// before. It sets the socket's event handlers. If it panics, the client is refused.
    ///
    /// ```
    /// # let io = socket_io::Io::default();
    /// let chat = io.of("/chat", |socket| socket.emit("welcome", "tea is ready"));
    /// chat.on_connection(|socket| println!("{} has joined", socket.id()));
    /// ```
    pub fn on_connection(
        &self,
        on_connect: impl Fn(Socket) + Send + Sync + 'static,
    ) -> &Self {
        self.0.entrance.add_handler(Arc::new(on_connect));
        self
    }

    /// Selects every socket in the namespace.
    pub fn all(&self) -> Broadcast {
        Broadcast::new(self.clone())
    }

    /// Selects the members of a room.
    pub fn to(&self, room: impl Into<Room>) -> Broadcast {
        self.all().to(room)
    }

    /// Selects the namespace without a room, or without a socket.
    pub fn except(&self, room: impl Into<Room>) -> Broadcast {
        self.all().except(room)
    }

    /// Selects only sockets of this server.
    pub fn local(&self) -> Broadcast {
        self.all().local()
    }

    /// Drops what cannot be sent at once.
    pub fn volatile(&self) -> Broadcast {
        self.all().volatile()
    }

    /// Sets how long [`Broadcast::emit_with_ack`] waits, in place of
    /// [`Config::ack_timeout`](crate::Config::ack_timeout).
    pub fn timeout(&self, timeout: Duration) -> Broadcast {
        self.all().timeout(timeout)
    }

    /// Sends an event to every socket in the namespace.
    pub fn emit(&self, event: &str, args: impl IntoArgs) {
        self.all().emit(event, args);
    }

    /// Returns all sockets of this server.
    pub fn fetch_sockets(&self) -> Vec<Socket> {
        self.all().fetch_sockets()
    }

    /// Returns how many sockets there are.
    pub fn count(&self) -> usize {
        self.0.adapter.count()
    }

    /// Returns the socket of this id, which a client can have sent, if it is here.
    ///
    /// ```
    /// # use socket_io::Namespace;
    /// fn throw_out(namespace: &Namespace, id: &str) -> bool {
    ///     let socket = namespace.socket(id);
    ///     socket.inspect(socket_io::Socket::disconnect).is_some()
    /// }
    /// ```
    pub fn socket(&self, id: impl AsRef<str>) -> Option<Socket> {
        let member = self.0.adapter.find(id.as_ref())?;
        Socket::of(&member)
    }

    /// Returns the names of all rooms that have a member on this server. The members are
    /// `namespace.to(room).fetch_sockets()`.
    ///
    /// ```
    /// # use socket_io::Namespace;
    /// fn busiest(namespace: &Namespace) -> Option<std::sync::Arc<str>> {
    ///     let rooms = namespace.rooms().into_iter();
    ///     rooms.max_by_key(|room| namespace.to(room.clone()).count())
    /// }
    /// ```
    pub fn rooms(&self) -> Vec<Arc<str>> {
        self.0.adapter.rooms()
    }

    // --- For the crate ---

    pub(crate) fn adapter(&self) -> &dyn Adapter {
        &*self.0.adapter
    }

    /// The selected sockets of this server.
    pub(crate) fn fetch(&self, selection: &Selection) -> Vec<Socket> {
        let mut sockets = Vec::new();
        let mut visit = |member: &_| sockets.extend(Socket::of(member));
        self.adapter().each(selection, &mut visit);
        sockets
    }

    /// The name, if a predicate has accepted it.
    pub(crate) fn dynamic_name(&self) -> Option<&str> {
        self.0.parent.as_ref().map(|_| &*self.0.name)
    }

    pub(crate) fn is_child_of(&self, parent: &Arc<Parent>) -> bool {
        let own = self.0.parent.as_ref();
        own.is_some_and(|own| Arc::ptr_eq(own, parent))
    }

    /// Calls `hooks` if this is the first call. Others wait until they have returned.
    pub(crate) fn announce(&self, hooks: impl FnOnce(&Self)) {
        self.0.announced.call_once(|| hooks(self));
    }

    pub(crate) fn entrance(&self) -> &Entrance<Socket> {
        &self.0.entrance
    }

    /// The parent's entrance, then the namespace's.
    fn entrances(&self) -> impl Iterator<Item = &Entrance<Socket>> {
        let parent = self.0.parent.as_ref().map(|parent| &parent.entrance);
        parent.into_iter().chain([&self.0.entrance])
    }

    pub(crate) fn on_connect(&self, socket: &Socket) {
        for handler in self.entrances().flat_map(Entrance::handlers) {
            handler(socket.clone());
        }
    }

    /// The checks for a client that wants to join; one that `recovered` has passed them
    /// before.
    pub(crate) fn middlewares(&self, recovered: bool) -> Vec<Middleware<Socket>> {
        if recovered && self.0.skip_middlewares {
            return Vec::new();
        }
        self.entrances().flat_map(Entrance::middlewares).collect()
    }

    pub(crate) fn outbound_budget(&self) -> usize {
        self.0.outbound_budget
    }

    pub(crate) fn ack_timeout(&self) -> Duration {
        self.0.ack_timeout
    }

    pub(crate) fn next_ack(&self) -> u64 {
        self.0.next_ack.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn recovers(&self) -> bool {
        self.0.recovery.is_some()
    }

    fn log(&self) -> Option<MutexGuard<'_, Log>> {
        Some(
            self.0
                .recovery
                .as_ref()?
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Sends an event to all selected sockets.
    ///
    /// The log gives the event its number and is free again before it is queued for
    /// anybody. A client that is restored in the meantime finds it in the log, and is not
    /// sent it a second time.
    pub(crate) fn broadcast(&self, outgoing: Outgoing, selection: &Selection) {
        let outgoing = outgoing.shared(self.compress_from());
        let Some(mut log) = self.log() else {
            let packet = outgoing.encode_event(&self.0.name, None);
            return self.0.adapter.broadcast(&packet, selection);
        };
        if selection.volatile || selection.transient {
            let packet = log.skip(self.numbered(outgoing));
            drop(log);
            return self.0.adapter.broadcast(&packet, selection);
        }
        let selected = selection.clone();
        let packet = log.append(Instant::now(), selected, self.numbered(outgoing));
        log.begin();
        drop(log);
        // An adapter that panics is under way no longer, either.
        let _end = Finally(|| {
            if let (Some(mut log), Some(number)) = (self.log(), packet.number()) {
                log.end(number.number);
            }
        });
        self.0.adapter.broadcast(&packet, selection);
    }

    /// From how many bytes on a message for many is compressed, if at all.
    pub(crate) fn compress_from(&self) -> Option<usize> {
        self.0.compress_from
    }

    /// Sends an event to one socket, which may be away, or not accepted yet.
    pub(crate) fn send(&self, outgoing: Outgoing, socket: &Socket, volatile: bool) {
        let Some(mut log) = self.log() else {
            socket.deliver(&outgoing.encode_event(&self.0.name, None), volatile);
            return;
        };
        let packet = if volatile {
            log.skip(self.numbered(outgoing))
        } else {
            let selection = Selection {
                rooms: vec![socket.into()],
                ..Selection::default()
            };
            log.append(Instant::now(), selection, self.numbered(outgoing))
        };
        // Under the lock: it is one client.
        socket.deliver(&packet, volatile);
    }

    fn numbered(
        &self,
        mut outgoing: Outgoing,
    ) -> impl FnOnce(Number, &str) -> EncodedPacket + use<'_> {
        move |number, offset| {
            outgoing.push_offset(offset);
            outgoing.encode_event(&self.0.name, None).numbered(number)
        }
    }

    /// All events below this number have been queued for every socket.
    pub(crate) fn complete(&self) -> u64 {
        self.log().map_or(0, |log| log.complete())
    }

    /// The number of the next event; 0 without a log.
    pub(crate) fn next_number(&self) -> u64 {
        self.log().map_or(0, |log| log.next())
    }

    /// Returns the saved state of the client with this private id, if it can be recovered.
    pub(crate) fn restore(
        &self,
        pid: &str,
        offset: Option<&str>,
        make: impl FnOnce(Restored) -> Socket,
    ) -> Option<Socket> {
        // The server may not have noticed yet that the client left.
        let stale = self.log()?.live(pid);
        if let Some(stale) = stale.as_ref().and_then(Socket::of) {
            stale.replaced();
        }
        let mut log = self.log()?;
        let max_missed = self.outbound_budget() / 2;
        let restored = log.restore(Instant::now(), pid, offset, max_missed)?;
        let since = restored.saved.since;
        let rooms = restored.saved.rooms.clone();
        let socket = make(restored);
        // Under the lock: an event is in what the client missed, or it is sent to it.
        socket.joined_at(since);
        socket.rejoin(rooms);
        self.0.adapter.add(&socket.member());
        if let Some(pid) = socket.pid() {
            log.arrived(pid.clone(), socket.member());
        }
        Some(socket)
    }

    /// A socket has been accepted.
    pub(crate) fn add(&self, socket: &Socket) {
        let mut log = self.log();
        if let Some(log) = &log {
            socket.joined_at(log.next());
            socket.mailbox().gate().start_at(log.next());
        }
        self.0.adapter.add(&socket.member());
        if let (Some(log), Some(pid)) = (&mut log, socket.pid()) {
            log.arrived(pid.clone(), socket.member());
        }
    }

    /// A socket has left these rooms and the namespace; `saved` if it can come back.
    /// Returns what is not kept any longer, to be dropped without a lock.
    pub(crate) fn remove(
        &self,
        socket: &Socket,
        rooms: &[Arc<str>],
        saved: Option<Saved>,
    ) -> Vec<Saved> {
        let mut log = self.log();
        self.0.adapter.remove(socket.id(), rooms);
        let mut dropped = Vec::new();
        if let (Some(log), Some(pid)) = (&mut log, socket.pid()) {
            match saved {
                Some(saved) => dropped = log.save(Instant::now(), pid, saved),
                None => log.gone(pid),
            }
        }
        dropped
    }
}

struct Finally<F: FnMut()>(F);

impl<F: FnMut()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

impl PartialEq for Namespace {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Namespace {}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Namespace").field(&self.name()).finish()
    }
}
