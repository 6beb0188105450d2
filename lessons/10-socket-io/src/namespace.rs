//! Namespaces: one connection, several conversations. What the talk calls a controller.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::Instant;

use crate::adapter::Adapter;
use crate::broadcast::Broadcast;
use crate::config::Config;
use crate::error::ConnectError;
use crate::recovery::{Log, Restored, Saved};
use crate::room::{Room, Selection};
use crate::sent::Number;
use crate::socket::Socket;
use crate::wire::args::IntoArgs;
use crate::wire::outgoing::{EncodedPacket, Outgoing};

pub(crate) type OnConnect = Arc<dyn Fn(Socket) + Send + Sync>;
type Verdict = Pin<Box<dyn Future<Output = Result<(), ConnectError>> + Send>>;
pub(crate) type Middleware = Arc<dyn Fn(Socket) -> Verdict + Send + Sync>;

/// A namespace, like `/chat`: a handle to who is in it.
#[derive(Clone)]
pub struct Namespace(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    on_connect: OnConnect,
    middleware: RwLock<Vec<Middleware>>,
    adapter: Box<dyn Adapter>,
    next_ack: AtomicU64,
    /// Made by a predicate, and gone when the last socket is.
    dynamic: bool,
    recovery: Option<Mutex<Log>>,
    /// Bytes that a client can have missed: half of what may be queued for it.
    max_missed: usize,
}

impl Namespace {
    pub(crate) fn new(
        name: &str,
        on_connect: OnConnect,
        dynamic: bool,
        config: &Config,
    ) -> Self {
        Self(Arc::new(Inner {
            name: name.into(),
            on_connect,
            middleware: RwLock::default(),
            adapter: config.adapters.make(name),
            next_ack: AtomicU64::new(0),
            dynamic,
            max_missed: config.engine.outbound_budget / 2,
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
        F: Fn(Socket) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), ConnectError>> + Send + 'static,
    {
        let check = Arc::new(check);
        let check: Middleware = Arc::new(move |socket| {
            let check = check.clone();
            Box::pin(async move { check(socket).await })
        });
        self.0
            .middleware
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(check);
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

    /// Sets how long [`Broadcast::emit_with_ack`] waits.
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

    // --- For the crate ---

    pub(crate) fn adapter(&self) -> &dyn Adapter {
        &*self.0.adapter
    }

    /// The name, if a predicate made the namespace.
    pub(crate) fn dynamic_name(&self) -> Option<&str> {
        self.0.dynamic.then_some(&self.0.name)
    }

    pub(crate) fn on_connect(&self, socket: Socket) {
        (self.0.on_connect)(socket);
    }

    pub(crate) fn middlewares(&self) -> Vec<Middleware> {
        self.0
            .middleware
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
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
        let restored = log.restore(Instant::now(), pid, offset, self.0.max_missed)?;
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
    pub(crate) fn remove(
        &self,
        socket: &Socket,
        rooms: &[Arc<str>],
        saved: Option<Saved>,
    ) {
        let mut log = self.log();
        self.0.adapter.remove(socket.id(), rooms);
        let mut dropped = Vec::new();
        if let (Some(log), Some(pid)) = (&mut log, socket.pid()) {
            match saved {
                Some(saved) => dropped = log.save(Instant::now(), pid, saved),
                None => log.gone(pid),
            }
        }
        drop(log);
        drop(dropped);
    }
}

struct Finally<F: FnMut()>(F);

impl<F: FnMut()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Namespace").field(&self.name()).finish()
    }
}
