//! The adapter: how a namespace reaches its sockets, on this server and on others. In
//! memory, the [`Local`] half is all of it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{self, BoxFuture, FutureExt};
use futures_util::stream::BoxStream;
use serde_json::Value;

use crate::ack::AckStep;
use crate::error::AdapterError;
use crate::info::SocketInfo;
use crate::local::Local;
use crate::room::{Change, Room, Selection, SocketId};
use crate::wire::args::Args;
use crate::wire::outgoing::OutgoingEvent;

/// How a namespace reaches its sockets on all servers of a cluster.
///
/// Each method has a default that does its part on this server alone, through
/// [`local`](Self::local). An adapter for a cluster also sends each request to the other
/// servers, and carries out theirs through the same [`Local`]. A selection that is
/// [local](Selection::local) never gets here.
///
/// A method that is not async must not wait: it queues its message to the other servers. A
/// panic ends one call and nothing else. It is logged, and a request that panics returns
/// [`AdapterError::Panicked`].
///
/// An adapter is dropped with its namespace. Its tasks must not keep it alive: they hold a
/// `Weak`, or the [`Local`], which does not own the adapter.
///
/// This one counts broadcasts, and otherwise does what the default does:
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// use socket_io::{Adapter, Adapters, Config, Io, Local, OutgoingEvent, Selection};
///
/// struct Counting { local: Local, broadcasts: Arc<AtomicUsize> }
///
/// impl Adapter for Counting {
///     fn local(&self) -> &Local { &self.local }
///
///     fn broadcast(&self, event: &OutgoingEvent, to: &Selection) {
///         self.broadcasts.fetch_add(1, Ordering::Relaxed);
///         self.local.broadcast(event, to);
///     }
/// }
///
/// let broadcasts = Arc::new(AtomicUsize::new(0));
/// let counter = broadcasts.clone();
/// let adapters = Adapters::new(move |local| {
///     Arc::new(Counting { local, broadcasts: counter.clone() })
/// });
/// let io = Io::new(Config { adapters, ..Config::default() });
/// io.emit("news", "hello");
/// assert_eq!(broadcasts.load(Ordering::Relaxed), 1);
/// ```
// ANCHOR: adapter
pub trait Adapter: Send + Sync + 'static {
    /// Returns the half for this server's sockets.
    fn local(&self) -> &Local;

    /// Sends an event to the selected sockets.
    fn broadcast(&self, event: &OutgoingEvent, to: &Selection) {
        self.local().broadcast(event, to);
    }

    /// Changes the selected sockets: their rooms, or whether they are connected.
    fn change(&self, of: &Selection, change: &Change) {
        self.local().change(of, change);
    }
    // ANCHOR_END: adapter

    /// Sends a question to the selected sockets and returns their answers as they come, for
    /// at most `limit`.
    fn broadcast_with_ack(
        &self,
        event: &OutgoingEvent,
        to: &Selection,
        limit: Duration,
    ) -> BoxStream<'static, AckStep> {
        self.local().broadcast_with_ack(event, to, limit)
    }

    /// Describes the selected sockets.
    fn fetch_sockets(
        &self,
        of: &Selection,
    ) -> BoxFuture<'_, Result<Vec<SocketInfo>, AdapterError>> {
        future::ready(Ok(self.local().describe(of))).boxed()
    }

    /// Returns the names of the rooms that have a member, without the sockets' own.
    fn rooms(&self) -> BoxFuture<'_, Result<Vec<Arc<str>>, AdapterError>> {
        future::ready(Ok(self.local().rooms())).boxed()
    }

    /// Sends an event to the applications on the other servers.
    fn server_emit(&self, event: &OutgoingEvent) {
        let _ = event;
    }

    /// Sends a question to the applications on the other servers. Returns the answers that
    /// arrive within `limit`.
    fn server_emit_with_ack(
        &self,
        event: &OutgoingEvent,
        limit: Duration,
    ) -> BoxFuture<'_, ServerAnswers> {
        let _ = (event, limit);
        future::ready(ServerAnswers::default()).boxed()
    }

    /// Returns how many servers there are, with this one.
    fn server_count(&self) -> BoxFuture<'_, Result<usize, AdapterError>> {
        future::ready(Ok(1)).boxed()
    }

    /// A room has its first member on this server: for subscriptions by room. A socket's
    /// own room opens when it connects. The calls are made one after another, under a
    /// lock, so an adapter must not make a socket join or leave in them.
    fn room_opened(&self, room: &Room) {
        let _ = room;
    }

    /// The last member of a room on this server has left it.
    fn room_closed(&self, room: &Room) {
        let _ = room;
    }

    /// Whether the adapter, and not the memory of this server, keeps the sessions of
    /// clients that are away, and the events that they miss (see
    /// [`Recovery`](crate::Recovery)). Asked once, when the namespace is made. If so,
    /// each event is to be delivered with its place in the adapter's log (see
    /// [`OutgoingEvent::with_offset`]), also on this server. A volatile event can have the
    /// place of the last event before it. It needs one, because a client takes the last
    /// text of any event for an offset.
    fn keeps_sessions(&self) -> bool {
        false
    }

    /// Returns the place in the adapter's log up to which everything has been delivered
    /// here, for events that are sent past the adapter: volatile ones to one socket.
    fn last_offset(&self) -> Option<String> {
        None
    }

    /// Keeps the session of a client that has gone and can come back.
    fn persist(&self, session: SessionRecord) {
        let _ = session;
    }

    /// A client is back, on this server, with its private id and the offset of the last
    /// event that it has seen. If its session was kept, the adapter takes it out and hands
    /// it to `restoring`, with the events that the client missed. From that moment on, the
    /// socket receives every event that is delivered to its rooms. So an adapter that
    /// delivers nothing in that moment loses no event and sends none twice.
    ///
    /// After half of [`Config::connect_timeout`](crate::Config::connect_timeout) the
    /// client starts from scratch.
    fn restore<'a>(
        &'a self,
        pid: &'a str,
        offset: Option<&'a str>,
        restoring: Restoring,
    ) -> BoxFuture<'a, ()> {
        let _ = (pid, offset, restoring);
        future::ready(()).boxed()
    }

    /// Ends the connection to the other servers:
    /// [`Io::shutdown`](crate::Io::shutdown) waits for it, up to its deadline. A request
    /// from now on ends with [`AdapterError::Closed`].
    ///
    /// A namespace that a client made is not closed when its last client leaves: its
    /// adapter is dropped, once no handle to the namespace is left.
    fn close(&self) -> BoxFuture<'_, ()> {
        future::ready(()).boxed()
    }

    /// Connects to the other servers again, after [`Io::reopen`](crate::Io::reopen).
    fn reopen(&self) {}
}

/// The answers of the applications on other servers.
///
/// ```
/// # async fn example(io: socket_io::Io) {
/// let answers = io.server_side_emit_with_ack::<u32>("how many guests?", ()).await;
/// println!("{} guests elsewhere", answers.received.iter().sum::<u32>());
/// if let Some(error) = answers.error {
///     println!("not all of them: {error}");
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAnswers<T = Args> {
    /// The answers that came in time.
    pub received: Vec<T>,
    /// Why they are not all.
    pub error: Option<AdapterError>,
}

impl<T> Default for ServerAnswers<T> {
    fn default() -> Self {
        Self {
            received: Vec::new(),
            error: None,
        }
    }
}

/// The session of a client that has gone: any server of the cluster can restore it.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionRecord {
    /// The private id, a secret between the servers and the client.
    pub pid: Arc<str>,
    /// The socket's id.
    pub id: SocketId,
    /// The rooms that it was in, without its own.
    pub rooms: Vec<Arc<str>>,
    /// The value that the application [shares](crate::Data::share) of the socket.
    pub data: Value,
}

/// A client that wants its session back: where an [`Adapter`] hands it over.
pub struct Restoring(Box<dyn FnOnce(SessionRecord, Vec<OutgoingEvent>) -> bool + Send>);

impl Restoring {
    pub(crate) fn new(
        restore: impl FnOnce(SessionRecord, Vec<OutgoingEvent>) -> bool + Send + 'static,
    ) -> Self {
        Self(Box::new(restore))
    }

    /// Restores the session. The events that the client missed carry their
    /// [offsets](OutgoingEvent::with_offset). Returns `false` if they are more than may be
    /// queued for a client, or if the client no longer waits. It then starts from scratch.
    pub fn restore(self, session: SessionRecord, missed: Vec<OutgoingEvent>) -> bool {
        (self.0)(session, missed)
    }
}

impl std::fmt::Debug for Restoring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Restoring").finish_non_exhaustive()
    }
}
