//! The chat's events: the talk's `ChatNamespace` (slide 20), a function for each method
//! of it.
//!
//! | the talk | here |
//! |---|---|
//! | `on_join(self, room)` | `on_join` |
//! | `on_nickname(self, nickname)` | `on_nickname` |
//! | `on_user_message(self, msg)` | `on_user_message` |
//! | `recv_disconnect(self)` | `recv_disconnect` |
//! | `return True, nickname` | `Ok((true, nickname))`: what a handler returns is the acknowledgement |
//! | `nicknames = []`, shared by all | [`Presence`], a list for each room |
//!
//! The talk's page still works with it. Everything that has been added is optional:
//!
//! | event | acknowledgement |
//! |---|---|
//! | `join(room)` | `true` |
//! | `nickname(name, secret?)` | `true, name`; with a secret of 16 to 64 bytes, connections that know it are one person |
//! | `user message(text, id?)` | `true, number`; with an id of the page's own, the same number however often it is sent |
//! | `history(before)` | `[[nickname, text, meta], ...]`, oldest first |
//! | `people()` | `[nicknames], number` |
//!
//! A refusal is `false, reason, kind`. The kind `"refused"` will be refused again, however
//! often it is sent. The kind `"later"` has a fourth argument: after how many seconds to
//! try again.
//!
//! A room is told in two ways which people are there. A room of up to [`MAX_LISTED`] people is sent
//! `nicknames(list, number)`, as in the talk; a larger one `people(change)`, a
//! [`Change`] with a number that grows by one. Both are transient: they are outdated when
//! a client comes back, and must push no message out of the log from which it is
//! recovered. A client that misses a number asks with `people()`.
//!
//! [`MAX_LISTED`]: crate::presence::MAX_LISTED
//! [`Change`]: crate::presence::Change

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use socket_io::{
    ArgsWriter, DisconnectReason, IntoArgs, Io, JoinError, Namespace, Socket, SocketId,
};
use tokio::time::{Instant, sleep, sleep_until};

use self::seats::tell_evicted;
#[cfg(test)]
use crate::cluster::Alone;
use crate::cluster::Cluster;
use crate::limits::{Action, Actor, Limiter, TooMuch, at_most};
use crate::names::{self, Nickname, Room, check_text};
use crate::presence::{self, Absence, News, Person, Presence, Timing};
use crate::store::{Maker, Message, Meta, Store, StoreError};
use crate::tasks::Tasks;
use crate::watch::Watch;

mod seats;

/// The bounds of a secret by which a person is known again, in bytes.
const SECRET: std::ops::RangeInclusive<usize> = 16..=64;
/// The longest id that a page gives a message, in bytes.
const MAX_ID: usize = 64;

/// The state that all sockets of the chat share.
pub(crate) struct Chat {
    pub(crate) store: Store,
    pub(crate) presence: Presence,
    pub(crate) limiter: Limiter,
    pub(crate) timing: Timing,
    /// How long a nickname is kept for a person whose connection was lost.
    pub(crate) keep: Duration,
    pub(crate) tasks: Tasks,
    pub(crate) watch: Arc<Watch>,
    /// The other servers.
    pub(crate) cluster: Arc<dyn Cluster>,
}

#[cfg(test)]
impl Chat {
    pub(crate) fn for_tests(store: Store) -> Self {
        Self {
            store,
            presence: Presence::default(),
            limiter: Limiter::new(crate::limits::Limits::NONE),
            timing: Timing::default(),
            keep: Duration::ZERO,
            tasks: Tasks::default(),
            watch: Arc::default(),
            cluster: Arc::new(Alone),
        }
    }
}

/// A socket's place in a room.
#[derive(Clone)]
struct Seat {
    room: Arc<str>,
    nickname: Option<Nickname>,
    /// This connection was sent the room's history.
    caught_up: Arc<AtomicBool>,
}

// ANCHOR: chat
/// Mounts the chat's namespace.
pub(crate) fn chat(io: &Io, chat: &Arc<Chat>) {
    let shared = chat.clone();
    let namespace = io.of("/chat", move |socket: Socket| {
        socket.data().insert(shared.clone());
        socket.on("join", async |socket: Socket, room: String| {
            Ack(on_join(socket, room).await)
        });
        socket.on("nickname", async |socket: Socket, name: String, secret| {
            Ack(on_nickname(socket, name, secret).await)
        });
        socket.on("user message", async |socket: Socket, text: String, id| {
            Ack(on_user_message(socket, text, id).await)
        });
        socket.on("history", async |socket: Socket, before: i64| {
            Ack(on_history(socket, before).await)
        });
        socket.on(
            "people",
            async |socket: Socket| Ack(on_people(socket).await),
        );
        socket.on_disconnect(recv_disconnect);
        shared.watch.packets_of(&socket);
        if socket.recovered() {
            welcome_back(&socket);
        }
    });
    chat.tasks
        .spawn(broadcast_presence(namespace, chat.clone()));
}
// ANCHOR_END: chat

// ANCHOR: join
/// `join(room)`: seats the socket in a room, which is created if it is new. One room at a
/// time. Joining the room that it is in already changes nothing and sends nothing.
async fn on_join(socket: Socket, room: String) -> Result<bool, Refused> {
    let chat = chat_of(&socket);
    let wanted = Room::named(&room)?;
    let old = seat_of(&socket);
    let seat = match &old {
        Some(seat) if *seat.room == *wanted.slug => seat.clone(),
        _ => {
            chat.allow(Action::Join, actor(&socket)).await?;
            let room = open_room(&chat, wanted, actor(&socket)).await?;
            let seat = Seat::new(room.slug.into());
            // The limit of rooms is one for each socket, so the old one is left first.
            if let Some(old) = &old {
                socket.leave(&members_of(&old.room));
                leave_seat(&socket, old, None);
            }
            chat.presence.enter(&seat.room);
            seat
        }
    };
    // Before `join` can fail: the old seat must not be left a second time.
    socket.data().insert(seat.clone());
    socket.join(members_of(&seat.room))?;
    if !seat.caught_up.swap(true, Ordering::Relaxed) {
        chat.tasks.spawn(catch_up(socket, seat));
    }
    Ok(true)
}
// ANCHOR_END: join

/// Opens a room, and makes it if need be and if its maker may.
pub(crate) async fn open_room(
    chat: &Chat,
    wanted: Room,
    actor: Actor,
) -> Result<Room, Refused> {
    if chat.store.directory().room(&wanted.slug).is_none() {
        chat.allow(Action::NewRoom, actor).await?;
    }
    let maker = Maker {
        address: actor.address,
        at_most: at_most(chat.limiter.limits().rooms_per_address),
    };
    Ok(chat.store.open_room(wanted, Some(maker)).await?)
}

/// Sends a socket that has joined a room the list of people and the latest messages: in a
/// task, so that the acknowledgement goes first.
///
/// The socket is in the room already. A message that arrives at this moment may reach it
/// twice, which the page sees by its number, and is never missed.
async fn catch_up(socket: Socket, seat: Seat) {
    let chat = chat_of(&socket);
    // A client that comes back gets new ones, so these are not kept for it.
    let only = socket.namespace().to(&socket).transient();
    only.emit("nicknames", chat.presence.online(&seat.room));
    match chat.store.history(&seat.room).await {
        Ok(history) => only.emit("history", history),
        Err(error) => {
            tracing::debug!(%error, "no history");
            // The next `join` tries again.
            seat.caught_up.store(false, Ordering::Relaxed);
        }
    }
}

/// `nickname(name, secret)`: gives the person a name, or another one.
async fn on_nickname(
    socket: Socket,
    nickname: String,
    secret: Option<String>,
) -> Result<(bool, String), Refused> {
    let mut seat = seat_of(&socket).ok_or(Refused::NoRoom)?;
    let nickname = Nickname::new(&nickname)?;
    let shown = nickname.shown.clone();
    if seat.nickname.is_none()
        && let Some(secret) = secret.filter(|secret| SECRET.contains(&secret.len()))
    {
        socket.data().insert(Person::Secret(secret.into()));
    }
    if seat.nickname.as_ref() != Some(&nickname) {
        let (chat, person) = (chat_of(&socket), person(&socket));
        chat.allow(Action::Rename, actor(&socket)).await?;
        let old = seat.nickname.as_ref();
        chat.seat(&seat.room, old, &nickname, &person).await?;
        seat.nickname = Some(nickname);
        socket.data().insert(seat);
    }
    Ok((true, shown))
}

// ANCHOR: message
/// `user message(text, id)`: stored first, then sent to the others in the room, then
/// acknowledged. A message whose id is stored already is acknowledged again.
async fn on_user_message(
    socket: Socket,
    text: String,
    id: Option<String>,
) -> Result<(bool, i64), Refused> {
    let Seat { room, nickname, .. } = seat_of(&socket).ok_or(Refused::NoRoom)?;
    let nickname = nickname.ok_or(Refused::NoNickname)?.shown;
    check_text(&text)?;
    check_id(id.as_deref())?;
    let chat = chat_of(&socket);
    chat.allow(Action::Message, actor(&socket)).await?;
    let stored = chat
        .store
        .add_message(&room, &nickname, &text, id.as_deref())
        .await?;
    let number = stored.meta.id;
    if !stored.again {
        metrics::counter!("chat_messages_total").increment(1);
        chat.watch.sent(&room, "msg_to_room", text.len());
        socket
            .to(members_of(&room))
            .emit("msg_to_room", (nickname, text, stored.meta));
    }
    Ok((true, number))
}
// ANCHOR_END: message

/// `history(before)`: messages older than the one with this number.
async fn on_history(
    socket: Socket,
    before: i64,
) -> Result<Vec<(String, String, Meta)>, Refused> {
    let seat = seat_of(&socket).ok_or(Refused::NoRoom)?;
    let chat = chat_of(&socket);
    chat.allow(Action::Read, actor(&socket)).await?;
    let older = chat.store.older(&seat.room, before).await?;
    Ok(older.into_iter().map(as_sent).collect())
}

/// A message as `msg_to_room` carries it.
fn as_sent(message: Message) -> (String, String, Meta) {
    let Message {
        id,
        nickname,
        text,
        at,
        key,
    } = message;
    (nickname, text, Meta { id, at, key })
}

/// `people()`: returns the list to a client that missed a change.
async fn on_people(socket: Socket) -> Result<(Vec<String>, u64), Refused> {
    let seat = seat_of(&socket).ok_or(Refused::NoRoom)?;
    let chat = chat_of(&socket);
    chat.allow(Action::Read, actor(&socket)).await?;
    Ok(chat.presence.online(&seat.room))
}

// ANCHOR: gone
/// The socket is gone. A person with a secret may be back in a moment: after a reload, or
/// from a tunnel, which takes longer.
async fn recv_disconnect(socket: Socket, reason: DisconnectReason) {
    let Some(seat) = seat_of(&socket) else { return };
    let chat = chat_of(&socket);
    let may_come_back = matches!(person(&socket), Person::Secret(_));
    let absence = may_come_back.then(|| Absence {
        linger: chat.timing.linger,
        keep: if reason.is_recoverable() {
            chat.keep
        } else {
            chat.timing.linger
        },
        address: actor(&socket).address,
        at_most: at_most(chat.limiter.limits().away_per_address),
    });
    leave_seat(&socket, &seat, absence);
}
// ANCHOR_END: gone

/// A socket that was cut off is back, with its id, its rooms and the events that it
/// missed.
fn welcome_back(socket: &Socket) {
    let Some(seat) = seat_of(socket) else {
        return;
    };
    let chat = chat_of(socket);
    chat.presence.enter(&seat.room);
    // What the socket itself said just before the break is not sent to it again, so the
    // page needs the history to learn how much of that arrived.
    seat.caught_up.store(false, Ordering::Relaxed);
    let Some(nickname) = &seat.nickname else {
        return;
    };
    let taken = chat.presence.take(&seat.room, nickname, &person(socket));
    if taken.is_err() {
        without_nickname(socket, seat);
    }
}

/// The socket has lost this nickname to a person of another server, if it had it.
pub(crate) fn lose_nickname(socket: &Socket, room: &str, key: &str) {
    if let Some(seat) = seat_of(socket)
        && *seat.room == *room
        && seat.nickname.as_ref().is_some_and(|it| it.key == key)
    {
        without_nickname(socket, seat);
    }
}

fn without_nickname(socket: &Socket, mut seat: Seat) {
    socket.emit(
        "announcement",
        "Your nickname was taken. Choose another one",
    );
    seat.nickname = None;
    socket.data().insert(seat);
}

fn leave_seat(socket: &Socket, seat: &Seat, absence: Option<Absence>) {
    let presence = &chat_of(socket).presence;
    if let Some(nickname) = &seat.nickname {
        presence.leave(&seat.room, nickname, absence);
    }
    presence.exit(&seat.room);
}

/// Tells each room who is there, when that changes. One task for all rooms, so that the
/// last list is the newest. Each server of a cluster tells its own people.
///
/// Announcements are gathered for longer than lists.
async fn broadcast_presence(namespace: Namespace, chat: Arc<Chat>) {
    let (presence, timing) = (&chat.presence, chat.timing);
    let mut announcements: HashMap<Arc<str>, Instant> = HashMap::new();
    loop {
        let due = announcements.values().copied();
        let next = due.chain(presence.next_due()).min();
        tokio::select! {
            () = presence.changed() => {}
            () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {}
        }
        sleep(timing.debounce).await;
        tell_evicted(&namespace, &chat);
        let now = Instant::now();
        for room in presence.take_changes() {
            if let Some(news) = presence.news(&room) {
                tell(&namespace, &room, news);
                chat.store.directory().touch(&room);
            }
            announcements.entry(room).or_insert(now + timing.gather);
        }
        for (room, _) in announcements.extract_if(|_, due| *due <= now) {
            if let Some(text) = presence.announcement(&room) {
                chat.watch.sent(&room, "announcement", text.len());
                let room = namespace.to(members_of(&room)).local().transient();
                room.emit("announcement", text);
            }
        }
    }
}

fn tell(namespace: &Namespace, room: &Arc<str>, news: News) {
    let room = namespace.to(members_of(room)).local().transient();
    match news {
        News::List(nicknames, number) => room.emit("nicknames", (nicknames, number)),
        News::Change(change) => room.emit("people", (change,)),
    }
}

impl Seat {
    fn new(room: Arc<str>) -> Self {
        Self {
            room,
            nickname: None,
            caught_up: Arc::default(),
        }
    }
}

/// Socket.IO's room for those in a room of the chat. Its name is the slug, except for one
/// that could be the id of a socket: between servers, a socket's own room is its id.
pub(crate) fn members_of(room: &Arc<str>) -> Arc<str> {
    if room.parse::<SocketId>().is_ok() {
        format!("{room}.").into()
    } else {
        room.clone()
    }
}

fn chat_of(socket: &Socket) -> Arc<Chat> {
    // [`chat`] does that first, before the socket has a handler: no client can be early.
    socket
        .data()
        .get()
        .expect("each socket of the namespace was given the chat")
}

fn seat_of(socket: &Socket) -> Option<Seat> {
    socket.data().get()
}

/// The person that a socket says it is: a page sends the same secret with each connection
/// of one browser, when it connects or with its nickname.
fn person(socket: &Socket) -> Person {
    if let Some(person) = socket.data().get() {
        return person;
    }
    let auth = socket.auth();
    let secret = auth.get("person").and_then(|secret| secret.as_str());
    match secret {
        Some(secret) if SECRET.contains(&secret.len()) => Person::Secret(secret.into()),
        _ => Person::Socket(socket.id().to_string().into()),
    }
}

/// A socket's room and nickname.
pub(crate) fn place_of(socket: &Socket) -> (Option<Arc<str>>, Option<String>) {
    seat_of(socket).map_or((None, None), |seat| {
        (Some(seat.room), seat.nickname.map(|it| it.shown))
    })
}

fn actor(socket: &Socket) -> Actor {
    let address = socket.handshake().remote_addr.map(|address| address.ip());
    chat_of(socket)
        .limiter
        .actor(Some(&person(socket)), address)
}

/// A page's id of a message is kept and compared, never shown: visible ASCII.
fn check_id(id: Option<&str>) -> Result<(), Refused> {
    let fits = |id: &str| {
        (1..=MAX_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if id.is_none_or(fits) {
        Ok(())
    } else {
        Err(Refused::Id)
    }
}

/// Why an event was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error(transparent)]
    Name(#[from] names::Refusal),
    #[error("A message's id has 1 to {MAX_ID} visible ASCII characters")]
    Id,
    #[error(transparent)]
    Nickname(#[from] presence::Refusal),
    #[error("Join a room first")]
    NoRoom,
    #[error("Choose a nickname first")]
    NoNickname,
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
    #[error(transparent)]
    TooManyRooms(StoreError),
    #[error("That could not be done. {}", .0.reason())]
    Store(StoreError),
    #[error(transparent)]
    Join(#[from] JoinError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TooManyRooms | StoreError::TooManyOfOne => {
                Refused::TooManyRooms(error)
            }
            error => Refused::Store(error),
        }
    }
}

impl Refused {
    /// After how many seconds the same can be tried again. `None` if it is refused for
    /// what it is.
    fn later(&self) -> Option<u64> {
        match self {
            Refused::TooMuch(limit) => Some(limit.seconds),
            // A page that has lost its seat takes it again in a moment.
            Refused::NoRoom | Refused::NoNickname => Some(1),
            Refused::Store(_) => Some(5),
            Refused::TooManyRooms(_) => Some(600),
            Refused::Name(_) | Refused::Id | Refused::Nickname(_) | Refused::Join(_) => {
                None
            }
        }
    }
}

/// An acknowledgement: the value, or `false, reason, kind` and, if the kind is `"later"`,
/// the seconds.
struct Ack<T>(Result<T, Refused>);

impl<T: IntoArgs> IntoArgs for Ack<T> {
    fn write(&self, writer: &mut ArgsWriter) -> Result<(), serde_json::Error> {
        match &self.0 {
            Ok(value) => value.write(writer),
            Err(refused) => {
                let (reason, later) = (refused.to_string(), refused.later());
                let kind = if later.is_some() { "later" } else { "refused" };
                metrics::counter!("chat_refused_total", "kind" => kind).increment(1);
                match later {
                    None => (false, reason, kind).write(writer),
                    Some(seconds) => (false, reason, kind, seconds).write(writer),
                }
            }
        }
    }
}
