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
//! | `nicknames = []`, shared by all | [`Presence`], a list a room |

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use socket_io::{DisconnectReason, Io, JoinError, Namespace, Socket};
use tokio::time::{Instant, sleep, sleep_until};

use crate::names::{self, Nickname, Room, check_text};
use crate::presence::{self, Person, Presence};
use crate::store::{Store, StoreError};
use crate::tasks::Tasks;

/// How long to collect changes before a room is told who is there: a crowd that arrives
/// at once is one list, not one for each person.
const PRESENCE_DEBOUNCE: Duration = Duration::from_millis(50);
/// How long after a change the list is sent again, to clients that were busy.
const PRESENCE_REPEAT: Duration = Duration::from_secs(10);
/// The longest secret by which a person is known again, in bytes.
const MAX_SECRET: usize = 64;

/// What all sockets of the chat share.
struct Chat {
    store: Store,
    presence: Presence,
    /// How long a nickname is kept for somebody whose connection was lost.
    keep: Duration,
    tasks: Tasks,
}

/// Where a socket sits.
#[derive(Clone)]
struct Seat {
    room: Arc<str>,
    nickname: Option<Nickname>,
    /// This connection was sent the room's history.
    caught_up: Arc<AtomicBool>,
}

// ANCHOR: chat
/// Mounts the chat's namespace. A nickname is kept for `keep` when its connection is
/// lost.
pub fn chat(io: &Io, store: Store, keep: Duration, tasks: &Tasks) {
    let chat = Arc::new(Chat {
        store,
        presence: Presence::default(),
        keep,
        tasks: tasks.clone(),
    });
    let shared = chat.clone();
    let namespace = io.of("/chat", move |socket: Socket| {
        socket.data().insert(shared.clone());
        socket.on("join", on_join);
        socket.on("nickname", on_nickname);
        socket.on("user message", on_user_message);
        socket.on_disconnect(recv_disconnect);
        if socket.recovered() {
            welcome_back(&socket);
        }
    });
    tasks.spawn(broadcast_presence(namespace, chat));
}
// ANCHOR_END: chat

// ANCHOR: join
/// `join(room)`: seats the socket in a room, which is created if it is new. One room at a
/// time. Joining again the room that one sits in changes nothing and sends nothing.
async fn on_join(socket: Socket, room: String) -> Result<bool, Refused> {
    let chat = chat_of(&socket);
    let wanted = Room::named(&room)?;
    let seat = match seat_of(&socket) {
        Some(seat) if *seat.room == *wanted.slug => seat,
        old => {
            let room: Arc<str> = chat.store.open_room(wanted).await?.slug.into();
            if let Some(old) = old {
                socket.leave(&old.room);
                leave_seat(&socket, &old, Duration::ZERO);
            }
            Seat::new(room)
        }
    };
    // Before `join` can fail: the old seat must not be left a second time.
    socket.data().insert(seat.clone());
    socket.join(seat.room.clone())?;
    if !seat.caught_up.swap(true, Ordering::Relaxed) {
        chat.tasks.spawn(catch_up(socket, seat));
    }
    Ok(true)
}
// ANCHOR_END: join

/// Sends a socket that has joined a room who is there and what was said: in a task, so
/// that the acknowledgement goes first.
///
/// The socket is in the room already. A message that arrives at this moment may reach it
/// twice, which the page sees by its id, and is never missed.
async fn catch_up(socket: Socket, seat: Seat) {
    let chat = chat_of(&socket);
    socket.emit("nicknames", chat.presence.online(&seat.room));
    match chat.store.history(&seat.room).await {
        Ok(history) => socket.emit("history", history),
        Err(error) => {
            tracing::error!(%error, "no history");
            // The next `join` tries again.
            seat.caught_up.store(false, Ordering::Relaxed);
        }
    }
}

/// `nickname(name)`: gives the person a name, or another one.
async fn on_nickname(
    socket: Socket,
    nickname: String,
) -> Result<(bool, String), Refused> {
    let mut seat = seat_of(&socket).ok_or(Refused::NoRoom)?;
    let nickname = Nickname::new(&nickname)?;
    let shown = nickname.shown.clone();
    if seat.nickname.as_ref() != Some(&nickname) {
        let chat = chat_of(&socket);
        let came = chat
            .presence
            .take(&seat.room, &nickname, &person(&socket))?;
        match seat.nickname.replace(nickname) {
            Some(old) => {
                chat.presence.leave(&seat.room, &old, Duration::ZERO);
                announce(
                    &socket,
                    &seat.room,
                    &format!("{} is now {shown}", old.shown),
                );
            }
            None if came => announce(&socket, &seat.room, &format!("{shown} joined")),
            None => {}
        }
        socket.data().insert(seat);
    }
    Ok((true, shown))
}

// ANCHOR: message
/// `user message(text)`: stored first, then sent to everybody else in the room, then
/// acknowledged.
async fn on_user_message(socket: Socket, text: String) -> Result<(bool, i64), Refused> {
    let Seat { room, nickname, .. } = seat_of(&socket).ok_or(Refused::NoRoom)?;
    let nickname = nickname.ok_or(Refused::NoNickname)?.shown;
    check_text(&text)?;
    let meta = chat_of(&socket)
        .store
        .add_message(&room, &nickname, &text)
        .await?;
    socket.to(room).emit("msg_to_room", (nickname, text, meta));
    Ok((true, meta.id))
}
// ANCHOR_END: message

// ANCHOR: gone
/// The socket is gone. A person who left on purpose gives the nickname up; a person who
/// was cut off finds it again.
async fn recv_disconnect(socket: Socket, reason: DisconnectReason) {
    let Some(seat) = seat_of(&socket) else { return };
    let may_come_back =
        reason.is_recoverable() && matches!(person(&socket), Person::Secret(_));
    let keep = if may_come_back {
        chat_of(&socket).keep
    } else {
        Duration::ZERO
    };
    leave_seat(&socket, &seat, keep);
}
// ANCHOR_END: gone

/// A socket that was cut off and is back, with its id, its rooms and what it missed.
fn welcome_back(socket: &Socket) {
    let Some(mut seat) = seat_of(socket) else {
        return;
    };
    // What the socket itself said just before the break is not sent to it again, so the
    // page needs the history to learn what of that arrived.
    seat.caught_up.store(false, Ordering::Relaxed);
    let Some(nickname) = &seat.nickname else {
        return;
    };
    match chat_of(socket)
        .presence
        .take(&seat.room, nickname, &person(socket))
    {
        Ok(true) => announce(socket, &seat.room, &format!("{} is back", nickname.shown)),
        Ok(false) => {}
        Err(_) => {
            socket.emit(
                "announcement",
                "Somebody took your nickname. Choose another one",
            );
            seat.nickname = None;
            socket.data().insert(seat);
        }
    }
}

fn leave_seat(socket: &Socket, seat: &Seat, keep: Duration) {
    let Some(nickname) = &seat.nickname else {
        return;
    };
    if chat_of(socket).presence.leave(&seat.room, nickname, keep) {
        socket
            .to(seat.room.clone())
            .emit("announcement", format!("{} left", nickname.shown));
    }
}

/// Tells the whole room, this socket included.
fn announce(socket: &Socket, room: &str, text: &str) {
    socket.emit("announcement", text);
    socket.to(room).emit("announcement", text);
}

/// Sends each room the list of who is there, when that changes. One task for all rooms,
/// so that the last list is the newest.
///
/// A list is outdated by the next one, so it is volatile: it does not pile up for a client
/// that reads slowly, and it pushes no message out of the log from which clients are
/// recovered. A client that was busy just then gets the list that is sent a little later,
/// once for all changes until then, and not volatile.
async fn broadcast_presence(namespace: Namespace, chat: Arc<Chat>) {
    let mut repeats: HashMap<Arc<str>, Instant> = HashMap::new();
    loop {
        let next = repeats.values().min().copied();
        tokio::select! {
            () = chat.presence.changed() => {}
            () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {}
        }
        sleep(PRESENCE_DEBOUNCE).await;
        let now = Instant::now();
        let mut changed = chat.presence.take_changes();
        for (room, _) in repeats.extract_if(|_, due| *due <= now) {
            changed.remove(&room);
            let nicknames = chat.presence.online(&room);
            namespace.to(room).emit("nicknames", nicknames);
        }
        for room in changed {
            let nicknames = chat.presence.online(&room);
            namespace
                .to(room.clone())
                .volatile()
                .emit("nicknames", nicknames);
            repeats.entry(room).or_insert(now + PRESENCE_REPEAT);
        }
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

fn chat_of(socket: &Socket) -> Arc<Chat> {
    socket
        .data()
        .get()
        .expect("each socket of the namespace was given the chat")
}

fn seat_of(socket: &Socket) -> Option<Seat> {
    socket.data().get()
}

/// Who a socket says that it is: the page sends the same secret with each connection of
/// one browser tab.
fn person(socket: &Socket) -> Person {
    match socket
        .auth()
        .get("person")
        .and_then(|secret| secret.as_str())
    {
        Some(secret) if (16..=MAX_SECRET).contains(&secret.len()) => {
            Person::Secret(secret.into())
        }
        _ => Person::Socket(socket.id().to_string().into()),
    }
}

/// Why an event was refused: the second argument of the acknowledgement `false, reason`.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Name(#[from] names::Refusal),
    #[error(transparent)]
    Nickname(#[from] presence::Refusal),
    #[error("Join a room first")]
    NoRoom,
    #[error("Choose a nickname first")]
    NoNickname,
    #[error("There are too many rooms")]
    TooManyRooms,
    #[error("That could not be stored")]
    Store,
    #[error(transparent)]
    Join(#[from] JoinError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::TooManyRooms) {
            return Refused::TooManyRooms;
        }
        tracing::error!(%error, "an event failed");
        Refused::Store
    }
}
