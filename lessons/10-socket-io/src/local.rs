//! The local half of an adapter: the members of a namespace on this server, and the ways
//! to reach them.
//!
//! An adapter for a cluster adds the other half: it sends each request to the other
//! servers, and carries out theirs with the methods here. On a single server, this half is
//! everything.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::{self, BoxFuture, FutureExt};
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::ack::{AckReceiver, AckSender, AckStep};
use crate::info::SocketInfo;
use crate::members::{Member, Members};
use crate::recovery::{Log, Recovery, Restored, Saved};
use crate::room::{Change, Room, Selection, SocketId};
use crate::sent::Number;
use crate::wire::args::Args;
use crate::wire::outgoing::{EncodedPacket, Envelope, OutgoingEvent};

/// How many events and clients the log drops before others have their turn: they keep it
/// for about a millisecond.
const AT_ONCE: usize = 1000;

/// A namespace's sockets on this server: the half of an [`Adapter`](crate::Adapter) that
/// every adapter has. A cheap handle.
///
/// An adapter gets it when it is made. It calls these methods for its own server's part of
/// each request, and for the requests of the other servers, which a task of the adapter
/// reads:
///
/// ```
/// use socket_io::{Change, Local, OutgoingEvent, Selection};
///
/// /// A message of another server.
/// enum Message {
///     Broadcast(OutgoingEvent, Selection),
///     Change(Selection, Change),
/// }
///
/// fn carry_out(message: &Message, local: &Local) {
///     match message {
///         Message::Broadcast(event, to) => local.broadcast(event, to),
///         Message::Change(of, change) => local.change(of, change),
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Local(Arc<Inner>);

struct Inner {
    namespace: Arc<str>,
    members: Members<dyn Participant>,
    /// Where clients can come back, and the adapter does not keep what they missed.
    log: OnceLock<Mutex<Log>>,
    /// From how many bytes on a message for many is compressed, if at all.
    share_from: Option<usize>,
    recovery: Option<Recovery>,
    next_ack: AtomicU64,
    /// The application's handlers of server events.
    program: Weak<dyn Program>,
}

/// A member, with the actions that another server can ask for.
pub(crate) trait Participant: Member {
    /// Joins or leaves rooms, or leaves the namespace.
    fn change(self: Arc<Self>, change: &Change);
    /// Sends a question. Returns whether an answer can come.
    fn ask(
        self: Arc<Self>,
        id: u64,
        question: AckSender,
        packet: &EncodedPacket,
        volatile: bool,
    ) -> bool;
    /// The answer is no longer awaited.
    fn forget(&self, id: u64);
    /// Describes the socket for another server.
    fn describe(&self) -> SocketInfo;
}

/// The application, as other servers see it.
pub(crate) trait Program: Send + Sync {
    /// Calls the handlers of an event from another server. Returns their answer, if one is
    /// `wanted` and one is given.
    fn serve(
        self: Arc<Self>,
        event: OutgoingEvent,
        wanted: bool,
    ) -> BoxFuture<'static, Option<Args>>;
}

impl Local {
    pub(crate) fn new(
        namespace: &str,
        share_from: Option<usize>,
        recovery: Option<Recovery>,
        program: Weak<dyn Program>,
    ) -> Self {
        Self(Arc::new(Inner {
            namespace: namespace.into(),
            members: Members::default(),
            log: OnceLock::new(),
            share_from,
            recovery,
            next_ack: AtomicU64::new(0),
            program,
        }))
    }

    /// Returns the namespace's name, with its slash.
    pub fn namespace(&self) -> &str {
        &self.0.namespace
    }

    /// Returns the server's settings for clients that come back, if they can: see
    /// [`Config::recovery`](crate::Config::recovery). For an adapter that
    /// [keeps the sessions](crate::Adapter::keeps_sessions).
    pub fn recovery(&self) -> Option<Recovery> {
        self.0.recovery
    }

    // ANCHOR: broadcast
    /// Sends an event to the selected sockets. It is encoded once, and no lock is held
    /// while it is queued.
    pub fn broadcast(&self, event: &OutgoingEvent, to: &Selection) {
        let Some(mut log) = self.log() else {
            return self.deliver(&self.encode(event, None), to);
        };
        if to.volatile || to.transient {
            let packet = log.skip(self.numbered(event, self.0.share_from));
            drop(log);
            return self.deliver(&packet, to);
        }
        // The log gives the event its number and is free again before it is queued for
        // anybody. A client that is restored in the meantime finds it in the log, and is
        // not sent it a second time.
        let encode = self.numbered(event, self.0.share_from);
        let packet = log.append(Instant::now(), to.clone(), encode);
        log.begin();
        drop(log);
        // One that panics is under way no longer, either.
        let _end = Finally(|| {
            if let (Some(mut log), Some(number)) = (self.log(), packet.number()) {
                log.end(number.number);
            }
        });
        self.deliver(&packet, to);
    }
    // ANCHOR_END: broadcast

    /// Sends a question to the selected sockets and returns their answers as they come.
    /// The first step says how many were asked. The stream ends with the last answer, or
    /// after `limit`; if it is dropped, no answer is awaited any longer.
    pub fn broadcast_with_ack(
        &self,
        event: &OutgoingEvent,
        to: &Selection,
        limit: Duration,
    ) -> BoxStream<'static, AckStep> {
        let id = self.next_ack();
        let packet = self.encode(event, Some(id));
        let (answers_to, answers) = mpsc::unbounded_channel();
        let (mut ids, mut members) = (Vec::new(), Vec::new());
        self.0.members.each(to, &mut |member| {
            let question = AckSender {
                asked: ids.len(),
                answers: answers_to.clone(),
            };
            let is_asked = member.clone().ask(id, question, &packet, to.volatile);
            if is_asked || !to.volatile {
                ids.push(member.id().clone());
            }
            if is_asked {
                members.push(member.clone());
            }
        });
        let expected = AckStep::Expected {
            clients: ids.len(),
            ids: ids.clone(),
        };
        let asking = Asking {
            id,
            members,
            ids,
            answers,
            until: Instant::now().checked_add(limit),
        };
        let answers = stream::unfold(asking, |mut asking| async {
            Some((asking.next().await?, asking))
        });
        stream::iter([expected]).chain(answers).boxed()
    }

    /// Changes the selected sockets. One that cannot join a room stays out, which is
    /// logged.
    pub fn change(&self, of: &Selection, change: &Change) {
        self.0
            .members
            .each(of, &mut |member| member.clone().change(change));
    }

    /// Describes the selected sockets.
    pub fn describe(&self, of: &Selection) -> Vec<SocketInfo> {
        let mut sockets = Vec::new();
        self.0
            .members
            .each(of, &mut |member| sockets.push(member.describe()));
        sockets
    }

    /// Returns how many sockets there are.
    pub fn count(&self) -> usize {
        self.0.members.count()
    }

    /// Returns the ids of all sockets.
    pub fn ids(&self) -> Vec<SocketId> {
        self.0.members.ids()
    }

    /// Returns the names of the rooms that have a member, without the sockets' own.
    pub fn rooms(&self) -> Vec<Arc<str>> {
        self.0.members.rooms()
    }

    /// Whether a room has a member.
    pub fn has(&self, room: &Room) -> bool {
        self.0.members.has(room)
    }

    /// Calls the application's handlers of an event that another server has sent: see
    /// [`Namespace::on_server_event`](crate::Namespace::on_server_event). The future ends
    /// when they have returned. It is the answer, if one is `wanted` and a handler has
    /// one.
    pub fn serve(
        &self,
        event: OutgoingEvent,
        wanted: bool,
    ) -> BoxFuture<'static, Option<Args>> {
        match self.0.program.upgrade() {
            Some(program) => program.serve(event, wanted),
            None => future::ready(None).boxed(),
        }
    }

    // --- For the crate ---

    /// Keeps what clients that are away miss.
    pub(crate) fn keep_log(&self, limits: Recovery) {
        self.0.log.get_or_init(|| Mutex::new(Log::new(limits)));
    }

    pub(crate) fn keeps_log(&self) -> bool {
        self.0.log.get().is_some()
    }

    pub(crate) fn next_ack(&self) -> u64 {
        self.0.next_ack.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn members(&self) -> &Members<dyn Participant> {
        &self.0.members
    }

    /// Sends an event to one socket, which may be away, or not accepted yet.
    pub(crate) fn send(
        &self,
        event: &OutgoingEvent,
        to: &SocketId,
        volatile: bool,
        deliver: impl FnOnce(&EncodedPacket),
    ) {
        let Some(mut log) = self.log() else {
            return deliver(&event.encode_event(&self.0.namespace, None));
        };
        let packet = if volatile {
            log.skip(self.numbered(event, None))
        } else {
            let selection = Selection {
                rooms: vec![to.into()],
                ..Selection::default()
            };
            log.append(Instant::now(), selection, self.numbered(event, None))
        };
        // Under the lock: it is one client.
        deliver(&packet);
    }

    /// All events below this number have been queued for every socket.
    pub(crate) fn complete(&self) -> u64 {
        self.log().map_or(0, |log| log.complete())
    }

    /// The number of the next event; 0 without a log.
    pub(crate) fn next_number(&self) -> u64 {
        self.log().map_or(0, |log| log.next())
    }

    /// Drops a portion of what the log has kept for long enough. Returns whether there may
    /// be more.
    pub(crate) fn tidy(&self) -> bool {
        let Some(mut log) = self.log() else {
            return false;
        };
        let (dropped, more) = log.tidy(Instant::now(), AT_ONCE);
        drop(log);
        drop(dropped);
        more
    }

    /// A socket has been accepted. `start` is told the number of the first event for it.
    pub(crate) fn add(
        &self,
        member: Arc<dyn Participant>,
        pid: Option<&Arc<str>>,
        start: impl FnOnce(u64),
    ) {
        let mut log = self.log();
        if let Some(log) = &log {
            start(log.next());
        }
        self.0.members.add(&member);
        if let (Some(log), Some(pid)) = (&mut log, pid) {
            log.arrived(pid.clone(), member);
        }
    }

    /// Restores the client with this private id, if its state was saved here: `make` makes
    /// the socket, in its rooms, under the log's lock. An event is in what the client
    /// missed, or it is sent to it.
    pub(crate) fn restore(
        &self,
        pid: &str,
        offset: Option<&str>,
        budget: usize,
        make: impl FnOnce(Restored) -> Arc<dyn Participant>,
    ) {
        let Some(log) = self.log() else { return };
        // The server may not have noticed yet that the client left.
        let stale = log.live(pid);
        drop(log);
        if let Some(stale) = stale {
            stale.replaced();
        }
        if let Some(mut log) = self.log()
            && let Some(restored) = log.restore(Instant::now(), pid, offset, budget)
        {
            let member = make(restored);
            self.0.members.add(&member);
            log.arrived(pid.into(), member);
        }
    }

    /// A socket has left these rooms and the namespace; `saved` if it can come back.
    /// Returns what is not kept any longer, to be dropped without a lock.
    pub(crate) fn remove(
        &self,
        id: &SocketId,
        rooms: &[Arc<str>],
        pid: Option<&Arc<str>>,
        saved: Option<Saved>,
    ) -> Vec<Saved> {
        let mut log = self.log();
        self.0.members.remove(id, rooms);
        let mut dropped = Vec::new();
        if let (Some(log), Some(pid)) = (&mut log, pid) {
            match saved {
                Some(saved) => dropped = log.save(Instant::now(), pid, saved),
                None => log.gone(pid),
            }
        }
        dropped
    }

    fn deliver(&self, packet: &EncodedPacket, to: &Selection) {
        self.0.members.each(to, &mut |member| {
            member.deliver(packet, to.volatile);
        });
    }

    /// Encodes an event for many clients.
    fn encode(&self, event: &OutgoingEvent, id: Option<u64>) -> EncodedPacket {
        event.encode_in(Envelope {
            namespace: &self.0.namespace,
            id,
            offset: None,
            share_from: self.0.share_from,
        })
    }

    /// The same with the number that the log gives the event.
    fn numbered(
        &self,
        event: &OutgoingEvent,
        share_from: Option<usize>,
    ) -> impl FnOnce(Number, &str) -> EncodedPacket {
        move |number, offset| {
            let envelope = Envelope {
                namespace: &self.0.namespace,
                id: None,
                offset: Some(offset),
                share_from,
            };
            event.encode_in(envelope).numbered(number)
        }
    }

    fn log(&self) -> Option<MutexGuard<'_, Log>> {
        let log = self.0.log.get()?;
        Some(log.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A question that is out to several clients. Dropped, it is forgotten.
struct Asking {
    id: u64,
    members: Vec<Arc<dyn Participant>>,
    /// By their place in `members`, or of those that could not be asked.
    ids: Vec<SocketId>,
    answers: AckReceiver,
    /// `None` is past the end of time.
    until: Option<Instant>,
}

impl Asking {
    /// The next answer. `None` after the last: every client has answered or left, or the
    /// time is over.
    async fn next(&mut self) -> Option<AckStep> {
        let answer = match self.until {
            Some(until) => timeout_at(until, self.answers.recv()).await.ok()?,
            None => self.answers.recv().await,
        };
        let (asked, args) = answer?;
        Some(AckStep::Answer {
            from: self.ids.get(asked).cloned(),
            args,
        })
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        for member in &self.members {
            member.forget(self.id);
        }
    }
}

struct Finally<F: FnMut()>(F);

impl<F: FnMut()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

impl std::fmt::Debug for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Local")
            .field("namespace", &self.namespace())
            .field("sockets", &self.count())
            .finish()
    }
}
