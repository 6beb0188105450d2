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

use std::sync::Arc;
use std::time::Duration;

use socket_io::{DisconnectReason, Io, JoinError, Namespace, Socket};

use crate::names::{self, Nickname, Room, check_text};
use crate::presence::{self, Person, Presence};
use crate::store::{Store, StoreError};

/// How long to collect changes before a room hears who is there: a crowd that comes at
/// once is one list, not one a head.
const ROLL_CALL: Duration = Duration::from_millis(50);
/// The longest secret by which a person is known again, in bytes.
const MAX_SECRET: usize = 64;

/// What all sockets of the chat share.
struct Chat {
    store: Store,
    presence: Presence,
    /// How long a nickname is kept for somebody whose connection was lost.
    keep: Duration,
}

/// Where a socket sits.
#[derive(Clone)]
struct Seat {
    room: Arc<str>,
    nickname: Option<Nickname>,
}

// ANCHOR: chat
/// Mounts the chat's namespace. A nickname is kept for `keep` when its connection is
/// lost.
pub fn chat(io: &Io, store: Store, keep: Duration) {
    let chat = Arc::new(Chat {
        store,
        presence: Presence::default(),
        keep,
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
    tokio::spawn(call_the_roll(namespace, chat));
}
// ANCHOR_END: chat

// ANCHOR: join
/// `join(room)`: sits the socket down in a room, which is made when it is new. One room
/// at a time.
async fn on_join(socket: Socket, room: String) -> Result<bool, Refused> {
    let chat = chat_of(&socket);
    let room: Arc<str> = chat.store.open_room(Room::named(&room)?).await?.slug.into();
    let seat = seat_of(&socket);
    if seat.as_ref().is_none_or(|seat| seat.room != room) {
        if let Some(seat) = seat {
            socket.leave(&seat.room);
            stand_up(&socket, &seat, Duration::ZERO);
        }
        // Before it can fail: the old seat must not be left a second time.
        socket.data().insert(Seat {
            room: room.clone(),
            nickname: None,
        });
        socket.join(room.clone())?;
    }
    chat.presence.touch(&room);
    tokio::spawn(send_history(socket, room));
    Ok(true)
}
// ANCHOR_END: join

/// What was said in a room, for somebody who has joined it: in a task, so that the
/// acknowledgement goes first.
///
/// The socket is in the room already. A message that comes at this moment may reach it
/// twice, which its id tells, and is never missed.
async fn send_history(socket: Socket, room: Arc<str>) {
    match chat_of(&socket).store.history(&room).await {
        Ok(history) => socket.emit("history", history),
        Err(error) => tracing::error!(%error, "no history"),
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
    let Seat { room, nickname } = seat_of(&socket).ok_or(Refused::NoRoom)?;
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
/// The socket is gone. Who left on purpose leaves the nickname; who was cut off finds it
/// again.
async fn recv_disconnect(socket: Socket, reason: DisconnectReason) {
    let Some(seat) = seat_of(&socket) else { return };
    let may_come_back =
        reason.is_recoverable() && matches!(person(&socket), Person::Secret(_));
    let keep = if may_come_back {
        chat_of(&socket).keep
    } else {
        Duration::ZERO
    };
    stand_up(&socket, &seat, keep);
}
// ANCHOR_END: gone

/// A socket that was cut off and is back, with its id, its rooms and what it missed.
fn welcome_back(socket: &Socket) {
    let Some(mut seat) = seat_of(socket) else {
        return;
    };
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

fn stand_up(socket: &Socket, seat: &Seat, keep: Duration) {
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

/// Sends each room the list of who is there, when that changes. One task for all, so that
/// the last list is the newest.
async fn call_the_roll(namespace: Namespace, chat: Arc<Chat>) {
    loop {
        for (room, nicknames) in chat.presence.changes(ROLL_CALL).await {
            namespace.to(room).emit("nicknames", nicknames);
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
