//! The adapter with a log: a client that was away is sent what it missed, by any server.
//!
//! Broadcasts and changes are entries of one log. Each server reads the log and does what
//! the entries say, in their order, also its own: so the place in the log is the same for
//! all clients, and the id of an entry is the offset that a client hands in when it is
//! back. Everything else passes over the channels of the bus, as in [`ClusterAdapter`].
//!
//! While the log is away, this server's own entries are for its own clients at once. They
//! wait in the queue of the log for the other servers.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use socket_io::{
    AckStep, Adapter, AdapterError, Adapters, Change, Local, OutgoingEvent, Restoring,
    Selection, ServerAnswers, SessionRecord, SocketInfo,
};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::adapter::{
    ClusterAdapter, ClusterConfig, Failure, Server, outgoing, random_id, selected,
    selection, target, to_local, to_wire, values,
};
use crate::bus::{Entry, EntryId, Followed, Follower, Log};
use crate::wire::streams::Streams;
use crate::wire::{Message, Place, Received, WireError};

/// Makes every namespace of a server one with the namespaces of that name on the other
/// servers, through a log. With [`Config::recovery`](socket_io::Config::recovery), a client
/// that was connected to one of them can come back to any. Call it in a tokio runtime,
/// where the adapters' tasks will run.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use cluster::bus::MemoryBus;
/// use cluster::wire::streams::Streams;
/// use cluster::{ClusterConfig, streams_adapters};
/// use socket_io::{Config, Io, Recovery};
///
/// let bus = MemoryBus::new();
/// let line = bus.connect("ann");
/// let io = Io::new(Config {
///     adapters: streams_adapters(line, Streams::default(), ClusterConfig::default()),
///     recovery: Some(Recovery::default()),
///     ..Config::default()
/// });
/// # drop(io);
/// # }
/// ```
///
/// # Panics
/// Outside of a tokio runtime.
pub fn streams_adapters(
    log: impl Log,
    format: Streams,
    config: ClusterConfig,
) -> Adapters {
    let log: Arc<dyn Log> = Arc::new(log);
    let node = config.name.clone().unwrap_or_else(random_id);
    let runtime = Handle::current();
    Adapters::new(move |local| {
        let place = Place {
            namespace: local.namespace().to_owned(),
            node: node.clone(),
        };
        let (bus, wire) = (log.clone(), Arc::new(format.clone()));
        let server = Server::new(local, bus, wire, place, config.clone());
        let reader = Arc::new(Reader {
            server: server.clone(),
            log: log.clone(),
            format: format.clone(),
            said: Mutex::new(Said::default()),
            place: Mutex::default(),
            delivered: Mutex::default(),
            wake: Notify::new(),
        });
        Arc::new(StreamsAdapter {
            task: Mutex::new(follow(&reader, &runtime)),
            cluster: ClusterAdapter::start(server, runtime.clone()),
            reader,
            runtime: runtime.clone(),
        })
    })
}

/// One namespace's adapter with a log.
pub struct StreamsAdapter {
    cluster: ClusterAdapter,
    reader: Arc<Reader>,
    runtime: Handle,
    /// The task that follows the log. It does not own the adapter, so the adapter ends it.
    task: Mutex<AbortHandle>,
}

/// The state that the adapter and its task share.
struct Reader {
    server: Arc<Server>,
    log: Arc<dyn Log>,
    format: Streams,
    said: Mutex<Said>,
    /// The last entry that was carried out. Locked while one is: an application's handler
    /// can be called then, so nothing that an application calls may need this lock.
    place: Mutex<Option<EntryId>>,
    /// The same, locked for a moment only.
    delivered: Mutex<Option<EntryId>>,
    /// There is something to do that does not come out of the log.
    wake: Notify,
}

/// This server's own entries that have not come out of the log yet, in order.
struct Said {
    queue: VecDeque<Own>,
    bytes: usize,
    /// They are not waited for.
    away: bool,
    closed: bool,
}

impl Default for Said {
    fn default() -> Self {
        Self {
            queue: VecDeque::new(),
            bytes: 0,
            // Until the follower is told where the log is.
            away: true,
            closed: false,
        }
    }
}

struct Own {
    entry: Entry,
    work: Work,
    /// It has been carried out here.
    done: bool,
    /// It is on its way into the log.
    kept: bool,
}

#[derive(Clone)]
enum Work {
    Broadcast(OutgoingEvent, Selection),
    Change(Selection, Change),
}

/// Own entries, and their bytes, that can be on their way through the log.
const MAX_SAID: usize = 65_536;
const MAX_SAID_BYTES: usize = 64 << 20;
/// Entries that are read in one go for a client that is back.
const BATCH: usize = 256;
/// Bytes of events that are collected for one client that is back. It is not restored with
/// more than may be queued for it, which is usually less.
const MAX_MISSED: usize = 16 << 20;

impl Adapter for StreamsAdapter {
    fn local(&self) -> &Local {
        self.cluster.local()
    }

    // ANCHOR: broadcast
    fn broadcast(&self, event: &OutgoingEvent, to: &Selection) {
        let message = Message::Broadcast(values(event), target(event, to));
        self.reader
            .say(&message, Work::Broadcast(event.clone(), to.clone()));
    }

    fn change(&self, of: &Selection, change: &Change) {
        let message = Message::Change(selected(of), to_wire(change));
        self.reader
            .say(&message, Work::Change(of.clone(), change.clone()));
    }
    // ANCHOR_END: broadcast

    fn broadcast_with_ack(
        &self,
        event: &OutgoingEvent,
        to: &Selection,
        limit: Duration,
    ) -> BoxStream<'static, AckStep> {
        self.cluster.broadcast_with_ack(event, to, limit)
    }

    fn fetch_sockets(
        &self,
        of: &Selection,
    ) -> BoxFuture<'_, Result<Vec<SocketInfo>, AdapterError>> {
        self.cluster.fetch_sockets(of)
    }

    fn rooms(&self) -> BoxFuture<'_, Result<Vec<Arc<str>>, AdapterError>> {
        self.cluster.rooms()
    }

    fn server_emit(&self, event: &OutgoingEvent) {
        self.cluster.server_emit(event);
    }

    fn server_emit_with_ack(
        &self,
        event: &OutgoingEvent,
        limit: Duration,
    ) -> BoxFuture<'_, ServerAnswers> {
        self.cluster.server_emit_with_ack(event, limit)
    }

    fn server_count(&self) -> BoxFuture<'_, Result<usize, AdapterError>> {
        self.cluster.server_count()
    }

    fn keeps_sessions(&self) -> bool {
        self.local().recovery().is_some()
    }

    fn last_offset(&self) -> Option<String> {
        self.reader.delivered().as_ref().map(EntryId::to_string)
    }

    fn persist(&self, session: SessionRecord) {
        self.reader.persist(&session);
    }

    fn restore<'a>(
        &'a self,
        pid: &'a str,
        offset: Option<&'a str>,
        restoring: Restoring,
    ) -> BoxFuture<'a, ()> {
        async move {
            if let Err(why) = self.reader.restore(pid, offset, restoring).await {
                let namespace = self.local().namespace();
                tracing::debug!(%namespace, %why, "a client starts from scratch");
            }
        }
        .boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.reader.said().closed = true;
        self.task().abort();
        // From now on, no entry comes back out of the log.
        self.reader.show_all();
        async move {
            self.cluster.close().await;
            // The sessions of the clients that have just gone, above all.
            self.reader.log.flush().await;
        }
        .boxed()
    }

    fn reopen(&self) {
        let mut task = self.task();
        task.abort();
        *self.reader.said() = Said::default();
        *task = follow(&self.reader, &self.runtime);
        self.cluster.reopen();
    }
}

impl StreamsAdapter {
    fn task(&self) -> MutexGuard<'_, AbortHandle> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for StreamsAdapter {
    fn drop(&mut self) {
        self.task().abort();
    }
}

impl fmt::Debug for StreamsAdapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StreamsAdapter")
            .field(&self.cluster)
            .finish()
    }
}

impl Said {
    /// An own entry has come out of the log. Returns what is now to be carried out, and
    /// whether the last of it is the entry. Whatever was said before it and has not come
    /// out is no longer in the log.
    fn came_out(&mut self, entry: &Entry) -> (Vec<Own>, bool) {
        match self
            .queue
            .iter()
            .position(|own| own.kept && own.entry == *entry)
        {
            Some(position) => {
                let due: Vec<_> = self.queue.drain(..=position).collect();
                self.bytes -= due.iter().map(|own| own.entry.size()).sum::<usize>();
                (due, true)
            }
            None => (Vec::new(), false),
        }
    }

    /// The next entry to be carried out without having come out of the log: all of them
    /// while the log is away, otherwise one that was not accepted, when it is the first.
    fn next(&mut self) -> Option<Work> {
        let waits = |own: &Own| !own.done;
        while self.queue.front().is_some_and(|own| own.done && !own.kept) {
            if let Some(own) = self.queue.pop_front() {
                self.bytes -= own.entry.size();
            }
        }
        let next = if self.away || self.closed {
            self.queue.iter_mut().find(|own| waits(own))
        } else {
            let first = self.queue.front_mut();
            first.filter(|own| !own.kept && waits(own))
        }?;
        next.done = true;
        Some(next.work.clone())
    }
}

/// Why a client is not restored.
#[derive(Debug, thiserror::Error)]
enum Unrestored {
    #[error("its offset is not of this log")]
    Offset,
    #[error("its session is not kept")]
    Session,
    #[error("the log no longer has its last event")]
    Trimmed,
    #[error("it missed too much")]
    TooMuch,
    #[error("this server does not follow the log")]
    NotFollowing,
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Reader {
    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self) -> MutexGuard<'_, Option<EntryId>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn delivered(&self) -> MutexGuard<'_, Option<EntryId>> {
        self.delivered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn is_at(&self, place: &mut Option<EntryId>, id: EntryId) {
        *place = Some(id);
        *self.delivered() = Some(id);
    }

    fn say(&self, message: &Message, work: Work) {
        if self.said().closed {
            // Unlocked before the work is done: a handler may ask for it again.
            let offset = *self.delivered();
            return self.carry_out(work, offset);
        }
        let namespace = &self.server.place.namespace;
        let entry = match self.format.entry(&self.server.place, message) {
            Ok(entry) => entry,
            Err(error) => {
                tracing::warn!(%namespace, %error, "the other servers were not told");
                Entry::default()
            }
        };
        let size = entry.size();
        // Under the lock, so that the queue has the order of the log.
        let mut said = self.said();
        let fits = said.queue.len() < MAX_SAID && said.bytes + size <= MAX_SAID_BYTES;
        let mut kept = false;
        if size > 0 {
            let appended = if fits {
                self.log.append(entry.clone())
            } else {
                Err(crate::bus::BusError::Full)
            };
            match appended {
                Ok(()) => kept = true,
                Err(error) => {
                    tracing::warn!(%namespace, %error, "the other servers were not told");
                }
            }
        }
        said.bytes += size;
        said.queue.push_back(Own {
            entry,
            work,
            done: false,
            kept,
        });
        let waits = said.away || !kept;
        drop(said);
        if waits {
            self.wake.notify_one();
        }
    }

    /// Carries out an entry of the log.
    fn read(&self, id: EntryId, entry: &Entry) {
        // To the end, so that a client that is restored is there before or after.
        let mut place = self.place();
        let at = &self.server.place;
        if entry.text("nsp") == Some(&at.namespace) {
            if entry.text("uid") == Some(&at.node) {
                let (due, _) = self.said().came_out(entry);
                let last = due.len().saturating_sub(1);
                for (index, own) in due.into_iter().enumerate() {
                    if !own.done {
                        // One that was lost has the place of the entry before it.
                        let offset = if index == last { Some(id) } else { *place };
                        self.carry_out(own.work, offset);
                    }
                }
            } else {
                match self.format.read_entry(at, entry).map_err(Failure::from) {
                    Ok(None) => {}
                    Ok(Some(received)) => match work(received) {
                        Ok(work) => self.carry_out(work, Some(id)),
                        Err(error) => self.ignored(id, &error),
                    },
                    Err(error) => self.ignored(id, &error),
                }
            }
        }
        self.is_at(&mut place, id);
    }

    fn ignored(&self, id: EntryId, error: &Failure) {
        let namespace = &self.server.place.namespace;
        tracing::warn!(%namespace, %id, %error, "an entry of the log is ignored");
    }

    /// Carries out own entries for which the log is not waited.
    fn show_all(&self) {
        loop {
            let place = self.place();
            let next = self.said().next();
            let Some(work) = next else { return };
            self.carry_out(work, *place);
        }
    }

    /// Does what an entry says. `offset` is the place in the log up to which a client has
    /// then seen everything.
    fn carry_out(&self, work: Work, offset: Option<EntryId>) {
        let local = &self.server.local;
        let recovers = local.recovery().is_some();
        let work = || match work {
            Work::Broadcast(event, to) => {
                // Volatile events, too: a client takes the last text of any event for an
                // offset.
                let event = match offset {
                    Some(offset) if recovers => event.with_offset(&offset.to_string()),
                    _ => event,
                };
                local.broadcast(&event, &to);
            }
            Work::Change(of, change) => local.change(&of, &change),
        };
        // One entry that does harm must not end the others.
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            let namespace = &self.server.place.namespace;
            tracing::error!(%namespace, "an entry of the log caused a panic");
        }
    }

    fn persist(&self, session: &SessionRecord) {
        let Some(recovery) = self.server.local.recovery() else {
            return;
        };
        let namespace = &self.server.place.namespace;
        let written = self.format.session(session).map_err(Failure::from);
        let kept = written.and_then(|text| {
            let key = self.format.session_key(&session.pid);
            Ok(self.log.keep(&key, text, recovery.max_disconnection)?)
        });
        if let Err(error) = kept {
            tracing::warn!(%namespace, %error, "a session is not kept");
        }
    }

    /// A client is back. It is restored at a moment when no entry is carried out.
    async fn restore(
        &self,
        pid: &str,
        offset: Option<&str>,
        restoring: Restoring,
    ) -> Result<(), Unrestored> {
        let session = self.log.take(&self.format.session_key(pid)).await;
        let session = session.map_err(Failure::from)?.ok_or(Unrestored::Session)?;
        let session = self.format.read_session(&session).map_err(Failure::from)?;
        let seen = offset.and_then(|it| it.parse::<EntryId>().ok());
        let seen = seen.ok_or(Unrestored::Offset)?;
        let mut missed = Missed::default();
        let (mut from, mut last) = (seen, None);
        loop {
            let entries = self.log.read(from, BATCH).await.map_err(Failure::from)?;
            if last.is_none() && entries.first().is_none_or(|(id, _)| *id != seen) {
                return Err(Unrestored::Trimmed);
            }
            for (id, entry) in &entries {
                if *id > seen {
                    missed.add(self.missed(&session, *id, entry), *id)?;
                }
                last = Some(*id);
                from = id.next();
            }
            if entries.len() == BATCH {
                continue;
            }
            // ANCHOR: restore
            let place = self.place();
            let here = place.ok_or(Unrestored::NotFollowing)?;
            // Entries that were carried out in the meantime are missing, too.
            if Some(here) > last && !entries.is_empty() {
                continue;
            }
            // Those that have not been carried out yet will be, with the client there.
            restoring.restore(session, missed.up_to(here));
            return Ok(());
            // ANCHOR_END: restore
        }
    }

    /// The event in an entry, if this client should have received it.
    fn missed(
        &self,
        session: &SessionRecord,
        id: EntryId,
        entry: &Entry,
    ) -> Option<OutgoingEvent> {
        // The clients that were here did not receive an unreadable entry, either.
        let received = self.format.read_entry(&self.server.place, entry).ok()??;
        let Message::Broadcast(event, to) = received.message else {
            return None;
        };
        if to.flags.volatile || !to.selects(session) {
            return None;
        }
        let event = outgoing(event, &to).ok()?;
        Some(event.with_offset(&id.to_string()))
    }
}

/// The events that a client missed.
#[derive(Default)]
struct Missed {
    events: Vec<(EntryId, OutgoingEvent)>,
    bytes: usize,
}

impl Missed {
    fn add(
        &mut self,
        event: Option<OutgoingEvent>,
        id: EntryId,
    ) -> Result<(), Unrestored> {
        let Some(event) = event else { return Ok(()) };
        let attachments = event.attachments().iter().map(bytes::Bytes::len);
        self.bytes += event.array().len() + attachments.sum::<usize>();
        if self.bytes > MAX_MISSED {
            return Err(Unrestored::TooMuch);
        }
        self.events.push((id, event));
        Ok(())
    }

    fn up_to(self, place: EntryId) -> Vec<OutgoingEvent> {
        let until = self.events.into_iter().filter(|(id, _)| *id <= place);
        until.map(|(_, event)| event).collect()
    }
}

/// Returns the work in another server's entry.
fn work(received: Received) -> Result<Work, Failure> {
    Ok(match received.message {
        Message::Broadcast(event, to) => {
            Work::Broadcast(outgoing(event, &to)?, selection(&to))
        }
        Message::Change(of, change) => Work::Change(selection(&of), to_local(change)),
        _ => return Err(WireError::Malformed("this does not belong into the log").into()),
    })
}

fn follow(reader: &Arc<Reader>, runtime: &Handle) -> AbortHandle {
    // Before the task runs, so that nothing that is said from now on is missed.
    let follower = reader.log.follow();
    runtime
        .spawn(read_all(reader.clone(), follower))
        .abort_handle()
}

// ANCHOR: follow
async fn read_all(reader: Arc<Reader>, mut follower: Follower) {
    loop {
        tokio::select! {
            followed = follower.next() => match followed {
                Some(Followed::At(id)) => {
                    reader.is_at(&mut reader.place(), id);
                    reader.said().away = false;
                }
                Some(Followed::Entry(id, entry)) => reader.read(id, &entry),
                Some(Followed::Away) => reader.said().away = true,
                Some(Followed::Back) => reader.said().away = false,
                None => break,
            },
            () = reader.wake.notified() => {}
        }
        reader.show_all();
        // A long log must not keep the thread.
        tokio::task::yield_now().await;
    }
}
// ANCHOR_END: follow
