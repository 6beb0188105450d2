//! The smallest chat: the first server of chapter 10, on <http://127.0.0.1:5000>.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

// ANCHOR: main
use socket_io::{Ack, Config, Io, Socket};

#[tokio::main]
async fn main() {
    let io = Io::new(Config::default());
    io.of("/chat", |socket| {
        socket.on("join", async |socket: Socket, room: String| {
            socket.join(room).is_ok()
        });
        socket.on("say", async |socket: Socket, room: String, text: String| {
            socket.to(room).emit("said", text);
            true
        });
    });
    io.of("/more", more); // two handlers that are explained below
    warp::serve(io.filter()).run(([127, 0, 0, 1], 5000)).await;
}
// ANCHOR_END: main

/// Two handlers that the chapter shows by themselves.
fn more(socket: Socket) {
    // ANCHOR: count
    let count = Arc::new(AtomicU64::new(0));
    socket.on("count", async move |_: Socket| {
        count.fetch_add(1, Ordering::Relaxed) + 1
    });
    // ANCHOR_END: count
    // ANCHOR: search
    socket.on("search", async |_: Socket, query: String, ack: Ack| {
        tokio::spawn(async move { ack.send(search(query).await) });
    });
    // ANCHOR_END: search
}

async fn search(query: String) -> Vec<String> {
    tokio::task::yield_now().await;
    vec![query]
}
