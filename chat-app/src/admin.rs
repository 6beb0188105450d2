//! The operator's page, `/admin`, behind a token.
//!
//! It shows the connections, the rooms and the packets as they pass, and can end a
//! connection. It is ours and not Socket.IO's official Admin UI. That one
//! is a program to be hosted elsewhere, so the chat would have to let in pages of another
//! origin, and its protocol is larger than this module and its page together.
//!
//! The page is a Socket.IO client of the namespace `/admin`, whose middleware checks the
//! token. Names of events and sizes are shown, never what people say.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use socket_io::{ConnectError, Io, Socket};
use subtle::ConstantTimeEq;
use tokio::time::sleep;

use crate::chat::{Chat, place_of};
use crate::watch::Passed;

/// How often the page is told.
const EVERY: Duration = Duration::from_secs(1);
/// The most connections that are listed.
const CONNECTIONS: usize = 500;

/// Whether this is the token. The time that it takes says nothing about where they differ.
pub(crate) fn is_token(given: &str, token: &str) -> bool {
    given.as_bytes().ct_eq(token.as_bytes()).into()
}

/// Mounts the namespace.
pub(crate) fn admin(io: &Io, chat: &Arc<Chat>, token: String) {
    let engine = io.clone();
    let namespace = io.of("/admin", move |socket: Socket| {
        let io = engine.clone();
        socket.on("end", move |_: Socket, id: String| {
            let chat = io.namespace("/chat");
            let sockets = chat.map(|chat| chat.all().sockets());
            let mut sockets = sockets.into_iter().flatten();
            let found = sockets.find(|socket| socket.id().as_str() == id);
            tracing::info!(found = found.is_some(), "an operator ends a connection");
            if let Some(socket) = &found {
                socket.disconnect_all();
            }
            std::future::ready(found.is_some())
        });
    });
    namespace.middleware(move |socket: Socket| {
        let given = socket.auth();
        let given = given.get("token").and_then(|token| token.as_str());
        let known = given.is_some_and(|given| is_token(given, &token));
        if !known {
            tracing::warn!(address = ?socket.handshake().remote_addr, "a wrong admin token");
        }
        async move {
            if known {
                Ok(())
            } else {
                Err(ConnectError::new("Wrong token"))
            }
        }
    });
    let (io, chat) = (io.clone(), chat.clone());
    chat.tasks.clone().spawn(async move {
        loop {
            sleep(EVERY).await;
            let watched = namespace.count() > 0;
            chat.watch.watched.store(watched, Ordering::Relaxed);
            let passed = chat.watch.take();
            if watched {
                // Volatile: a page that was busy gets the next one.
                let report = report(&io, &chat, passed);
                namespace.volatile().emit("report", (report,));
            }
        }
    });
}

fn report(io: &Io, chat: &Chat, passed: Passed) -> serde_json::Value {
    let sockets = io.namespace("/chat").map(|chat| chat.all().sockets());
    let sockets = sockets.unwrap_or_default();
    let connections: Vec<_> = sockets
        .iter()
        .take(CONNECTIONS)
        .map(|socket| {
            let address = socket.handshake().remote_addr;
            let (room, nickname) = place_of(socket);
            json!({
                "id": socket.id().as_str(),
                "address": address.map(|address| address.ip().to_string()),
                "room": room.as_deref(),
                "nickname": nickname,
            })
        })
        .collect();
    let rooms = chat.store.directory().all().into_iter().map(|entry| {
        let people = chat.presence.count(&entry.room.slug);
        json!({ "name": entry.room.name, "slug": entry.room.slug, "people": people })
    });
    json!({
        "sessions": io.engine().session_count(),
        "outstanding": io.engine().outstanding(),
        "sockets": sockets.len(),
        "queue": chat.store.queue(),
        "connections": connections,
        "rooms": rooms.collect::<Vec<_>>(),
        "packets": passed.packets,
        "more": passed.more,
    })
}
