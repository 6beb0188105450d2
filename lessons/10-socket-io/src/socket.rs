//! A socket: one client in one namespace. This is the handle that handlers get; what it
//! does is done by the modules below.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use engine_io::{CloseReason, Handshake};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::ack::{AckSender, EmitWithAck};
use crate::adapter::SessionRecord;
use crate::broadcast::Broadcast;
use crate::data::Data;
use crate::error::JoinError;
use crate::gate::Departure;
use crate::inbox::{self, Inbox};
use crate::info::{self, SocketInfo};
use crate::link::Link;
use crate::local::Participant;
use crate::machine::{Event, Key};
use crate::mailbox::Mailbox;
use crate::measure;
use crate::members::{Member, Members};
use crate::namespace::Namespace;
use crate::reason::DisconnectReason;
use crate::recovery::Saved;
use crate::reply::Answering;
use crate::room::{Change, Room, SocketId, looks_like_an_id};
use crate::wire::args;
use crate::wire::args::{Encoded, Event as Observed, IntoArgs};
use crate::wire::outgoing::{EncodedPacket, OutgoingEvent};
use crate::wire::packet::PacketType;

mod events;
mod session;

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

/// A socket's parts that are new with each connection.
pub(crate) struct SocketParts {
    pub(crate) key: Key,
    pub(crate) link: Weak<dyn Link>,
    pub(crate) mailbox: Mailbox,
    pub(crate) namespace: Namespace,
    /// JSON, or nothing.
    pub(crate) auth: Box<str>,
    /// The private id for recovery.
    pub(crate) pid: Option<Arc<str>>,
    pub(crate) recovered: bool,
    pub(crate) data: Arc<Data>,
}

struct Inner {
    parts: SocketParts,
    /// Each with the number of the first event after the socket joined.
    rooms: Mutex<Vec<(Arc<str>, u64)>>,
    /// The same for the namespace.
    since: AtomicU64,
    inbox: Inbox<Socket>,
}

impl Socket {
    pub(crate) fn new(parts: SocketParts) -> Self {
        Self(Arc::new(Inner {
            parts,
            rooms: Mutex::default(),
            since: AtomicU64::new(0),
            inbox: Inbox::new(),
        }))
    }

    // --- Identity ---

    /// Returns the public id.
    pub fn id(&self) -> &SocketId {
        self.0.parts.mailbox.id()
    }

    /// Returns the namespace it is in.
    pub fn namespace(&self) -> &Namespace {
        &self.0.parts.namespace
    }

    /// Decodes the payload that the client handed in to connect, its `auth` option: an
    /// object, empty if it handed in nothing.
    pub fn auth(&self) -> Value {
        args::auth(&self.0.parts.auth).unwrap_or_default()
    }

    /// Returns the first request of the connection: headers, query, address.
    pub fn handshake(&self) -> &Handshake {
        self.0.parts.mailbox.session().handshake()
    }

    /// Whether the client is still here.
    pub fn connected(&self) -> bool {
        self.0.parts.mailbox.gate().is_open()
    }

    /// Whether the client came back with its id, rooms and data (see
    /// [`Recovery`](crate::Recovery)).
    pub fn recovered(&self) -> bool {
        self.0.parts.recovered
    }

    /// Returns the values that the application keeps with this socket.
    pub fn data(&self) -> &Data {
        &self.0.parts.data
    }

    // --- Events out ---

    /// Sends an event to this client. If it is gone, so is the event, unless it [comes
    /// back](crate::Recovery) for it.
    ///
    /// An event with a name that the protocol keeps for itself, like `disconnect`, or with
    /// arguments that JSON cannot express, is not sent, and the log has the reason.
    pub fn emit(&self, event: &str, args: impl IntoArgs) {
        if let Some(event) = OutgoingEvent::event(event, &args) {
            self.namespace().send(&event, self, false);
        }
    }

    /// Sends an event to this client if it can be sent at once, and drops it otherwise:
    /// for what is soon outdated.
    pub fn emit_volatile(&self, event: &str, args: impl IntoArgs) {
        if let Some(event) = OutgoingEvent::event(event, &args) {
            self.namespace().send(&event, self, true);
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
        let id = self.namespace().local_half().next_ack();
        let answers = OutgoingEvent::event(event, &args).map(|event| {
            let (answers_to, answers) = mpsc::unbounded_channel();
            let packet = event.encode_event(self.namespace().name(), Some(id));
            let question = AckSender {
                asked: 0,
                answers: answers_to,
            };
            self.ask(id, question, &packet, false);
            answers
        });
        let (socket, patience) = (self.clone(), self.namespace().ack_timeout());
        EmitWithAck::new(answers, patience, move || socket.forget(id))
    }

    /// Selects this socket alone, to send it an event with or without compression: see
    /// [`Broadcast::compress`].
    ///
    /// ```
    /// # use socket_io::Socket;
    /// fn log_in(socket: &Socket, token: &str, nickname: &str) {
    ///     socket.compress(false).emit("token", (token, nickname));
    /// }
    /// ```
    pub fn compress(&self, compress: bool) -> Broadcast {
        self.namespace().to(self).compress(compress)
    }

    // --- Rooms ---

    /// Joins a room.
    ///
    /// # Errors
    /// The name is too long, the socket is in too many rooms (see
    /// [`Limits`](crate::Limits)), or it has left. With an [adapter](crate::Adapters), a
    /// name that looks like a socket's id is refused, too.
    pub fn join(&self, room: impl Into<Arc<str>>) -> Result<(), JoinError> {
        self.join_all([room])
    }

    /// Joins several rooms, or none of them.
    ///
    /// ```
    /// # fn example(socket: socket_io::Socket) -> Result<(), socket_io::JoinError> {
    /// socket.join_all(["tea", "cake"])?;
    /// assert_eq!(socket.rooms().len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`join`](Self::join), for one of them.
    pub fn join_all<R: Into<Arc<str>>>(
        &self,
        names: impl IntoIterator<Item = R>,
    ) -> Result<(), JoinError> {
        // Before the lock: the names come from a user's code.
        let names: Vec<Arc<str>> = names.into_iter().map(Into::into).collect();
        let link = self.0.parts.link.upgrade().ok_or(JoinError::Disconnected)?;
        let limits = link.limits();
        // Before the lock: the log's is taken first everywhere.
        let since = self.namespace().local_half().next_number();
        let is_cluster = self.namespace().adapter().is_cluster();
        let mut rooms = self.lock_rooms();
        if self.has_left() {
            return Err(JoinError::Disconnected);
        }
        let before = rooms.len();
        let join = || {
            for name in names {
                if position(&rooms, &name).is_some() {
                    continue;
                }
                if name.len() > limits.max_room_name {
                    return Err(JoinError::NameTooLong);
                }
                if is_cluster && looks_like_an_id(&name) {
                    return Err(JoinError::LooksLikeAnId);
                }
                if rooms.len() >= limits.max_rooms {
                    return Err(JoinError::TooManyRooms);
                }
                rooms.push((name, since));
            }
            Ok(())
        };
        join().inspect_err(|_| rooms.truncate(before))?;
        let member = self.member();
        for (room, _) in &rooms[before..] {
            self.members().join(&member, room);
        }
        if is_cluster {
            let joined = rooms[before..].iter().map(|(room, _)| room.clone());
            let joined: Vec<_> = joined.map(Room::Named).collect();
            drop(rooms);
            self.namespace().adapter().rooms_changed(joined);
        }
        Ok(())
    }

    /// Leaves a room.
    pub fn leave(&self, room: &str) {
        let mut rooms = self.lock_rooms();
        // The client may be back, with the same id and in the same rooms.
        if self.has_left() {
            return;
        }
        if let Some(index) = position(&rooms, room) {
            let (room, _) = rooms.swap_remove(index);
            self.members().leave(self.id(), &room);
            drop(rooms);
            self.namespace()
                .adapter()
                .rooms_changed([Room::Named(room)]);
        }
    }

    /// Leaves all rooms that it has joined.
    pub fn leave_all(&self) {
        let mut rooms = self.lock_rooms();
        // As in `leave`.
        if self.has_left() {
            return;
        }
        let is_cluster = self.namespace().adapter().is_cluster();
        let mut left = Vec::new();
        for (room, _) in rooms.drain(..) {
            self.members().leave(self.id(), &room);
            if is_cluster {
                left.push(Room::Named(room));
            }
        }
        drop(rooms);
        self.namespace().adapter().rooms_changed(left);
    }

    /// Returns the rooms it has joined. Its own, which every socket has, is not a name and
    /// not among them: that is [`id`](Self::id). When it has left, these are the rooms that
    /// it was in, until the handlers of [`on_disconnecting`](Self::on_disconnecting) have
    /// returned.
    pub fn rooms(&self) -> Vec<Arc<str>> {
        let rooms = self.lock_rooms();
        rooms.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Selects every member of a room but this socket.
    pub fn to(&self, room: impl Into<Room>) -> Broadcast {
        self.broadcast().to(room)
    }

    /// Selects the namespace without a room (or a socket), and without this one.
    pub fn except(&self, room: impl Into<Room>) -> Broadcast {
        self.broadcast().except(room)
    }

    /// Selects every socket of the namespace but this one.
    pub fn broadcast(&self) -> Broadcast {
        self.namespace().all().except(self)
    }

    // --- The end ---

    /// Disconnects the client from the namespace. It does not come back by itself.
    /// Events that the server has received by then are still handled.
    pub fn disconnect(&self) {
        self.disconnect_because(DisconnectReason::ServerNamespace);
    }

    /// Disconnects the client from all its namespaces, then closes its connection. It does
    /// not come back by itself.
    pub fn disconnect_all(&self) {
        match self.0.parts.link.upgrade() {
            Some(link) => link.disconnect_all(),
            None => self.disconnect(),
        }
    }

    // --- For the crate ---

    pub(crate) fn disconnect_because(&self, reason: DisconnectReason) {
        let name = self.namespace().name();
        self.deliver(
            &EncodedPacket::plain(PacketType::Disconnect, name, ""),
            false,
        );
        self.leave_namespace(reason);
    }

    /// The socket as tables see it.
    pub(crate) fn member(&self) -> Arc<dyn Participant> {
        self.0.clone()
    }

    fn members(&self) -> &Members<dyn Participant> {
        self.namespace().local_half().members()
    }

    /// The socket behind a member of its namespace.
    pub(crate) fn of(member: &Arc<dyn Participant>) -> Option<Self> {
        let member: Arc<dyn Any + Send + Sync> = member.clone();
        member.downcast().ok().map(Self)
    }

    pub(crate) fn key(&self) -> Key {
        self.0.parts.key
    }

    pub(crate) fn pid(&self) -> Option<&Arc<str>> {
        self.0.parts.pid.as_ref()
    }

    pub(crate) fn mailbox(&self) -> &Mailbox {
        &self.0.parts.mailbox
    }

    pub(crate) fn has_left(&self) -> bool {
        self.mailbox().gate().has_left()
    }

    pub(crate) fn deliver(&self, packet: &EncodedPacket, volatile: bool) -> bool {
        self.mailbox().deliver(packet, volatile)
    }

    /// Sends a question. Returns whether an answer can come.
    fn ask(
        &self,
        id: u64,
        question: AckSender,
        packet: &EncodedPacket,
        volatile: bool,
    ) -> bool {
        let Some(link) = self.0.parts.link.upgrade() else {
            return false;
        };
        let asked = link.ask(self.key(), id, question) && {
            self.observe(|| packet.observed());
            self.deliver(packet, volatile)
        };
        if !asked {
            link.forget(self.key(), id);
        }
        asked
    }

    /// Calls the listeners to what is sent. Not under a lock: they are a user's code.
    pub(crate) fn observe(&self, event: impl FnOnce() -> Option<Observed>) {
        self.0.inbox.observe(event);
    }

    fn forget(&self, id: u64) {
        self.0.forget(id);
    }

    /// The socket is in its namespace since the event of this number.
    pub(crate) fn joined_at(&self, since: u64) {
        self.0.since.store(since, Ordering::Relaxed);
    }

    /// A recovered socket, which nothing knows yet, is in these rooms again.
    pub(crate) fn rejoin(&self, rooms: Vec<(Arc<str>, u64)>) {
        self.lock_rooms().clone_from(&rooms);
        let member = self.member();
        for (room, _) in rooms {
            self.members().join(&member, &room);
        }
    }

    /// An event has come.
    pub(crate) fn receive(&self, event: Event, link: &dyn Link) {
        measure::received();
        match self.0.inbox.push(event) {
            Ok(true) => self.work(link),
            Ok(false) => {}
            Err(unheard) => link.work_done(unheard.cost),
        }
    }

    /// The client has moved to a WebSocket.
    pub(crate) fn upgraded(&self, link: &dyn Link) {
        if self.0.inbox.upgraded() {
            self.work(link);
        }
    }

    /// Starts the task that works through the inbox.
    fn work(&self, link: &dyn Link) {
        let work = inbox::run(self.clone());
        link.tasks().spawn_in(self.mailbox().session().span(), work);
    }

    /// Leaves the namespace, once: first the rooms, then the questions that are open, then
    /// the disconnect handlers, after the events that still wait.
    pub(crate) fn leave_namespace(&self, reason: DisconnectReason) {
        // Before it leaves: an event that is still being queued will miss it.
        let complete = self.namespace().local_half().complete();
        let farewell = matches!(reason, DisconnectReason::ServerNamespace);
        // Until it is saved: a client that is back already waits for that.
        let saving = self.lock_rooms();
        let Some(Departure { was_in, sent }) = self.mailbox().gate().leave(farewell)
        else {
            return;
        };
        if was_in {
            measure::disconnected(reason);
        }
        let joined = saving.clone();
        let rooms: Vec<_> = joined.iter().map(|(name, _)| name.clone()).collect();
        // A client that came back and is gone again at once can come back again.
        let known = reason.is_recoverable() && (was_in || self.recovered());
        let saved = sent.filter(|_| known).map(|mut sent| {
            sent.settle(complete);
            Saved {
                id: self.id().clone(),
                since: self.0.since.load(Ordering::Relaxed),
                rooms: joined,
                sent,
                data: self.0.parts.data.clone(),
            }
        });
        let dropped = self.namespace().remove(self, &rooms, saved);
        drop(saving);
        drop(dropped);
        if known {
            self.persist(&rooms);
        }
        self.namespace().removed(self, rooms);
        if let Some(link) = self.0.parts.link.upgrade() {
            link.left(self.key(), self.namespace().dynamic_name());
            if self.0.inbox.finish(reason, was_in) {
                self.work(&*link);
            }
        } else {
            inbox::Owner::forget_rooms(self);
        }
    }

    /// Leaves the session to the adapter, if that keeps it.
    fn persist(&self, rooms: &[Arc<str>]) {
        let adapter = self.namespace().adapter();
        if let Some(pid) = self.pid()
            && adapter.keeps_sessions()
        {
            adapter.persist(SessionRecord {
                pid: pid.clone(),
                id: self.id().clone(),
                rooms: rooms.to_vec(),
                data: self.data().shared(),
            });
        }
    }

    fn lock_rooms(&self) -> MutexGuard<'_, Vec<(Arc<str>, u64)>> {
        self.0.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn position(rooms: &[(Arc<str>, u64)], room: &str) -> Option<usize> {
    rooms.iter().position(|(name, _)| **name == *room)
}

impl inbox::Owner for Socket {
    fn inbox(&self) -> &Inbox<Self> {
        &self.0.inbox
    }

    fn forget_rooms(&self) {
        self.lock_rooms().clear();
    }
}

impl Answering for Socket {
    fn answer(&self, id: u64, answer: Encoded) {
        let name = self.namespace().name();
        self.deliver(&OutgoingEvent::answer(answer).encode_ack(name, id), false);
    }

    fn work_done(&self, cost: usize) {
        if let Some(link) = self.0.parts.link.upgrade() {
            link.work_done(cost);
        }
    }
}

impl Member for Inner {
    fn id(&self) -> &SocketId {
        self.parts.mailbox.id()
    }

    fn deliver(&self, packet: &EncodedPacket, volatile: bool) -> bool {
        self.inbox.observe(|| packet.observed());
        self.parts.mailbox.deliver(packet, volatile)
    }

    fn replaced(self: Arc<Self>) {
        let reason = CloseReason::TransportClose;
        let session = self.parts.mailbox.session().clone();
        Socket(self).leave_namespace(DisconnectReason::Session(reason));
        session.close(reason);
    }
}

impl Participant for Inner {
    fn change(self: Arc<Self>, change: &Change) {
        let socket = Socket(self);
        match change {
            Change::Join(rooms) => {
                if let Err(error) = socket.join_all(rooms.iter().cloned()) {
                    tracing::warn!(socket = %socket.id(), %error, "did not join");
                }
            }
            Change::Leave(rooms) => {
                for room in rooms {
                    socket.leave(room);
                }
            }
            Change::Disconnect { close: true } => socket.disconnect_all(),
            Change::Disconnect { close: false } => socket.disconnect(),
        }
    }

    fn ask(
        self: Arc<Self>,
        id: u64,
        question: AckSender,
        packet: &EncodedPacket,
        volatile: bool,
    ) -> bool {
        Socket(self).ask(id, question, packet, volatile)
    }

    fn forget(&self, id: u64) {
        if let Some(link) = self.parts.link.upgrade() {
            link.forget(self.parts.key, id);
        }
    }

    fn describe(&self) -> SocketInfo {
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let rooms = rooms.iter().map(|(name, _)| name.to_string());
        let (id, session) = (self.parts.mailbox.id(), self.parts.mailbox.session());
        let auth = args::auth(&self.parts.auth).unwrap_or_default();
        SocketInfo {
            id: id.clone(),
            handshake: info::handshake(session.handshake(), auth),
            rooms: std::iter::once(id.to_string()).chain(rooms).collect(),
            data: self.parts.data.shared(),
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
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Socket {}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("id", &self.id().as_str())
            .field("namespace", self.namespace())
            .finish()
    }
}
