//! Namespaces: several conversations on one connection. The talk calls one a controller.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::{self, BoxFuture, FutureExt};
use tokio::time::timeout;

use crate::adapter::{Restoring, ServerAnswers, SessionRecord};
use crate::broadcast::Broadcast;
use crate::config::Config;
use crate::entrance::{Entrance, Middleware};
use crate::error::{AdapterError, ConnectError};
use crate::handler::{Handler, HandlerId};
use crate::installed::Installed;
use crate::local::{Local, Program};
use crate::parent::Parent;
use crate::recovery::{Restored, Saved};
use crate::remote::RemoteSocket;
use crate::room::{Room, Selection};
use crate::server_events::ServerEvents;
use crate::socket::Socket;
use crate::tasks::guarded_async;
use crate::wire::args::{Args, FromArgs, IntoArgs};
use crate::wire::outgoing::{EncodedPacket, OutgoingEvent};

/// A namespace, like `/chat`: a handle to who is in it.
///
/// ```
/// # let io = socket_io::Io::default();
/// let chat = io.of("/chat", |socket| println!("{} is here", socket.id()));
/// chat.emit("news", "hello, everyone");
/// chat.to("tea").except("asleep").emit("news", "tea is ready");
/// for socket in chat.sockets() {
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
    local: Local,
    adapter: Installed,
    server_events: ServerEvents<Namespace>,
    ack_timeout: Duration,
    /// Whether clients can come back.
    recovers: bool,
    /// Bytes that may be queued for a client.
    outbound_budget: usize,
    /// A client that comes back is not asked by middleware again.
    skip_middlewares: bool,
}

impl Namespace {
    pub(crate) fn new(name: &str, parent: Option<&Arc<Parent>>, config: &Config) -> Self {
        Self(Arc::new_cyclic(|this: &Weak<Inner>| {
            let deflate = config.engine.per_message_deflate;
            let share_from = deflate.map(|deflate| deflate.threshold);
            let local = Local::new(name, share_from, config.recovery, this.clone());
            let adapter = Installed::new(local.clone(), config.adapters.make(&local));
            if let Some(limits) = config.recovery
                && !adapter.keeps_sessions()
            {
                local.keep_log(limits);
            }
            Inner {
                name: name.into(),
                entrance: Entrance::default(),
                parent: parent.cloned(),
                announced: Once::new(),
                local,
                adapter,
                server_events: ServerEvents::default(),
                ack_timeout: config.ack_timeout,
                recovers: config.recovery.is_some(),
                outbound_budget: config.engine.outbound_budget,
                skip_middlewares: config.recovery.is_none_or(|it| it.skip_middlewares),
            }
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

    /// Returns the sockets of this server.
    pub fn sockets(&self) -> Vec<Socket> {
        self.all().sockets()
    }

    /// Returns the sockets of every server of the cluster: see
    /// [`Broadcast::fetch_sockets`].
    ///
    /// # Errors
    /// A server did not answer: the error says how many did.
    pub async fn fetch_sockets(&self) -> Result<Vec<RemoteSocket>, AdapterError> {
        self.all().fetch_sockets().await
    }

    /// Returns how many sockets of this server there are.
    pub fn count(&self) -> usize {
        self.0.local.count()
    }

    /// Returns the socket of this id, which a client can have sent, if it is on this
    /// server.
    ///
    /// ```
    /// # use socket_io::Namespace;
    /// fn throw_out(namespace: &Namespace, id: &str) -> bool {
    ///     let socket = namespace.socket(id);
    ///     socket.inspect(socket_io::Socket::disconnect).is_some()
    /// }
    /// ```
    pub fn socket(&self, id: impl AsRef<str>) -> Option<Socket> {
        let member = self.0.local.members().find(id.as_ref())?;
        Socket::of(&member)
    }

    /// Returns the names of all rooms that have a member on this server. The members are
    /// `namespace.to(room).sockets()`.
    ///
    /// ```
    /// # use socket_io::Namespace;
    /// fn busiest(namespace: &Namespace) -> Option<std::sync::Arc<str>> {
    ///     let rooms = namespace.rooms().into_iter();
    ///     rooms.max_by_key(|room| namespace.to(room.clone()).count())
    /// }
    /// ```
    pub fn rooms(&self) -> Vec<Arc<str>> {
        self.0.local.rooms()
    }

    /// Returns the names of all rooms that have a member on any server of the cluster.
    ///
    /// # Errors
    /// A server did not answer: the error says how many did.
    pub async fn fetch_rooms(&self) -> Result<Vec<Arc<str>>, AdapterError> {
        self.0.adapter.rooms().await
    }

    // --- The other servers ---

    /// Handles an event that another server of the cluster sends with
    /// [`server_side_emit`](Self::server_side_emit). What the handler returns is the
    /// answer, if the other server asked for one; handlers, several of them, and an
    /// [`Ack`](crate::Ack) work as in [`Socket::on`].
    ///
    /// ```
    /// # let io = socket_io::Io::default();
    /// use socket_io::Namespace;
    /// io.main().on_server_event("close", async |main: Namespace, room: String| {
    ///     main.to(room).local().disconnect_sockets(false);
    /// });
    /// io.main().on_server_event("how many guests?", async |main: Namespace| main.count());
    /// ```
    pub fn on_server_event<H: Handler<Self, Signature>, Signature: 'static>(
        &self,
        event: &str,
        handler: H,
    ) -> HandlerId {
        self.0.server_events.on(event, handler)
    }

    /// Removes a handler of server events. Returns whether it was there.
    pub fn off_server_event(&self, handler: HandlerId) -> bool {
        self.0.server_events.remove(handler)
    }

    /// Sends an event to the applications on the other servers of the cluster, not to
    /// this one: their [`on_server_event`](Self::on_server_event) handlers are called.
    pub fn server_side_emit(&self, event: &str, args: impl IntoArgs) {
        if let Some(event) = OutgoingEvent::event(event, &args) {
            self.0.adapter.server_emit(&event);
        }
    }

    /// Asks the applications on the other servers, and returns what they answer within
    /// [`Config::ack_timeout`](crate::Config::ack_timeout). An answer of another type is
    /// left out.
    ///
    /// ```
    /// # async fn example(namespace: socket_io::Namespace) {
    /// let here = namespace.count();
    /// let elsewhere =
    ///     namespace.server_side_emit_with_ack::<usize>("how many guests?", ()).await;
    /// println!("{} guests", here + elsewhere.received.iter().sum::<usize>());
    /// # }
    /// ```
    pub async fn server_side_emit_with_ack<T: FromArgs>(
        &self,
        event: &str,
        args: impl IntoArgs,
    ) -> ServerAnswers<T> {
        let event = OutgoingEvent::event(event, &args);
        drop(args);
        let answers = match &event {
            Some(event) => {
                let adapter = &self.0.adapter;
                adapter
                    .server_emit_with_ack(event, self.0.ack_timeout)
                    .await
            }
            None => ServerAnswers::default(),
        };
        let received = answers.received.iter();
        ServerAnswers {
            received: received.filter_map(|args| args.decode().ok()).collect(),
            error: answers.error,
        }
    }

    /// Returns how many servers the cluster has, with this one.
    ///
    /// # Errors
    /// The other servers cannot be asked.
    pub async fn server_count(&self) -> Result<usize, AdapterError> {
        self.0.adapter.server_count().await
    }

    // --- For the crate ---

    pub(crate) fn adapter(&self) -> &Installed {
        &self.0.adapter
    }

    pub(crate) fn local_half(&self) -> &Local {
        &self.0.local
    }

    /// The selected sockets of this server.
    pub(crate) fn select(&self, selection: &Selection) -> Vec<Socket> {
        let mut sockets = Vec::new();
        let mut visit = |member: &_| sockets.extend(Socket::of(member));
        self.0.local.members().each(selection, &mut visit);
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

    /// Whether clients can come back.
    pub(crate) fn recovers(&self) -> bool {
        self.0.recovers
    }

    /// Sends an event to all selected sockets.
    pub(crate) fn broadcast(&self, event: &OutgoingEvent, selection: &Selection) {
        self.0.adapter.broadcast(event, selection);
    }

    /// Sends an event to one socket, which may be away, or not accepted yet.
    pub(crate) fn send(&self, event: &OutgoingEvent, socket: &Socket, volatile: bool) {
        let own = Room::from(socket);
        let kept_elsewhere = self.0.recovers && self.0.adapter.keeps_sessions();
        if kept_elsewhere && !volatile && self.0.local.has(&own) {
            let selection = Selection {
                rooms: vec![own],
                ..Selection::default()
            };
            // It is observed when it is delivered.
            return self.0.adapter.broadcast(event, &selection);
        }
        socket.observe(|| event.observed());
        let offset = kept_elsewhere
            .then(|| self.0.adapter.last_offset())
            .flatten();
        let placed = offset.map(|offset| event.clone().with_offset(&offset));
        let event = placed.as_ref().unwrap_or(event);
        self.0.local.send(event, socket.id(), volatile, |packet| {
            socket.deliver(packet, volatile);
        });
    }

    /// Restores the client with this private id, if its state is in this server's memory.
    pub(crate) fn restore(
        &self,
        pid: &str,
        offset: Option<&str>,
        make: impl FnOnce(Restored) -> Socket,
    ) -> Option<Socket> {
        let mut made = None;
        let budget = self.outbound_budget() / 2;
        self.0.local.restore(pid, offset, budget, |restored| {
            let since = restored.saved.since;
            let rooms = restored.saved.rooms.clone();
            let socket = make(restored);
            socket.joined_at(since);
            socket.rejoin(rooms);
            made.insert(socket).member()
        });
        if let Some(socket) = &made {
            self.announce_rooms(socket);
        }
        made
    }

    /// The same from the adapter, which has this long. A client for which it has more than
    /// half of what may be queued starts from scratch.
    pub(crate) async fn restore_from_adapter(
        &self,
        pid: &str,
        offset: Option<&str>,
        patience: Duration,
        make: impl FnOnce(&SessionRecord, Vec<EncodedPacket>) -> Socket + Send + 'static,
    ) -> Option<Socket> {
        let place = Arc::new(Mutex::new(Place::Empty));
        let (namespace, taken) = (self.clone(), place.clone());
        let restoring = Restoring::new(move |session, missed| {
            let encode =
                |event: &OutgoingEvent| event.encode_event(&namespace.0.name, None);
            let missed: Vec<_> = missed.iter().map(encode).collect();
            let size: usize = missed.iter().map(EncodedPacket::size).sum();
            let mut place = taken.lock().unwrap_or_else(PoisonError::into_inner);
            let fits = size <= namespace.outbound_budget() / 2;
            if !fits || !matches!(*place, Place::Empty) {
                return false;
            }
            let socket = make(&session, missed);
            socket.rejoin(session.rooms.into_iter().map(|room| (room, 0)).collect());
            namespace.0.local.members().add(&socket.member());
            *place = Place::Taken(socket);
            true
        });
        // Without an answer in time, the client is not known.
        let _ = timeout(patience, self.0.adapter.restore(pid, offset, restoring)).await;
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        let Place::Taken(socket) = std::mem::replace(&mut *place, Place::Closed) else {
            return None;
        };
        drop(place);
        self.announce_rooms(&socket);
        Some(socket)
    }

    /// A socket has been accepted.
    pub(crate) fn add(&self, socket: &Socket) {
        self.0.local.add(socket.member(), socket.pid(), |next| {
            socket.joined_at(next);
            socket.mailbox().gate().start_at(next);
        });
        self.0.adapter.rooms_changed([socket.into()]);
    }

    fn announce_rooms(&self, socket: &Socket) {
        if self.0.adapter.is_cluster() {
            let rooms = socket.rooms().into_iter().map(Room::Named);
            self.0.adapter.rooms_changed(rooms.chain([socket.into()]));
        }
    }

    /// A socket has left these rooms and the namespace; `saved` if it can come back.
    /// Returns what is not kept any longer, to be dropped without a lock. Then
    /// [`removed`](Self::removed) follows, also without a lock.
    pub(crate) fn remove(
        &self,
        socket: &Socket,
        rooms: &[Arc<str>],
        saved: Option<Saved>,
    ) -> Vec<Saved> {
        let local = &self.0.local;
        local.remove(socket.id(), rooms, socket.pid(), saved)
    }

    /// Tells the adapter of a socket that has been removed.
    pub(crate) fn removed(&self, socket: &Socket, rooms: Vec<Arc<str>>) {
        let rooms = rooms.into_iter().map(Room::Named);
        self.0.adapter.rooms_changed(rooms.chain([socket.into()]));
    }
}

/// Where a socket waits that an adapter has restored.
enum Place {
    Empty,
    Taken(Socket),
    /// Nobody waits for it any longer.
    Closed,
}

impl Program for Inner {
    fn serve(
        self: Arc<Self>,
        event: OutgoingEvent,
        wanted: bool,
    ) -> BoxFuture<'static, Option<Args>> {
        let Some(event) = event.observed() else {
            return future::ready(None).boxed();
        };
        async move {
            let namespace = Namespace(self);
            let events = &namespace.0.server_events;
            let work = events.serve(namespace.clone(), event, wanted);
            let work = pin!(Some(timeout(namespace.0.ack_timeout, work)));
            guarded_async(work).await?.ok()?
        }
        .boxed()
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
