//! The live list of rooms: the namespace `/rooms`, which the page of rooms connects to.
//!
//! A client that connects is sent `rooms([..])`, all of them. After that it is sent what
//! changes: `room({..})` for a room that is new or has changed, `gone(slug)` for one that
//! is no more. A room says something or is entered more often than anyone can read, so
//! changes are collected, and each tick sends a bounded number of them.

use std::sync::Arc;

use serde::Serialize;
use socket_io::{ConnectError, Io, Namespace, Socket};
use tokio::time::sleep;

use crate::chat::Chat;
use crate::directory::{Entry, Last};
use crate::limits::Action;

/// The most rooms of which one tick tells.
const PER_TICK: usize = 100;

/// A room as the list shows it.
#[derive(Debug, Serialize)]
struct Summary {
    name: String,
    slug: String,
    /// How many people are there.
    people: usize,
    /// The latest message.
    last: Option<Last>,
}

impl Summary {
    fn new(chat: &Chat, entry: Entry) -> Self {
        let people = chat.presence.count(&entry.room.slug);
        Self {
            name: entry.room.name,
            slug: entry.room.slug,
            people,
            last: entry.last,
        }
    }
}

/// Mounts the namespace.
pub(crate) fn lobby(io: &Io, chat: &Arc<Chat>) {
    let shared = chat.clone();
    let namespace = io.of("/rooms", move |socket: Socket| {
        let chat = shared.clone();
        // In a task: by then the socket is in the namespace, and misses no change.
        shared.tasks.spawn(async move {
            let rooms = chat.store.directory().all();
            let rooms: Vec<_> = rooms
                .into_iter()
                .map(|it| Summary::new(&chat, it))
                .collect();
            socket.emit("rooms", rooms);
        });
    });
    let shared = chat.clone();
    namespace.middleware(move |socket: Socket| {
        let address = socket.handshake().remote_addr.map(|address| address.ip());
        let actor = shared.limiter.actor(None, address);
        let chat = shared.clone();
        async move {
            let allowed = chat.allow(Action::Read, actor).await;
            allowed.map_err(|limit| ConnectError::new(limit.to_string()))
        }
    });
    chat.tasks.spawn(broadcast_rooms(namespace, chat.clone()));
}

/// Tells every client what has changed in the list.
async fn broadcast_rooms(namespace: Namespace, chat: Arc<Chat>) {
    loop {
        chat.store.directory().changed().await;
        sleep(chat.timing.gather).await;
        for (slug, entry) in chat.store.directory().take_changes(PER_TICK) {
            match entry {
                Some(entry) => namespace
                    .local()
                    .emit("room", (Summary::new(&chat, entry),)),
                None => namespace.local().emit("gone", &*slug),
            }
        }
    }
}
