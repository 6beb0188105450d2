//! A server of a cluster that shares its rooms through Redis, for the tests with Node's
//! servers (`chat-app/interop/cluster`). A client makes it do things by events: `to`,
//! `fetch`, `move` and so on, whose answers are the results.

use std::time::Duration;

use clap::Parser;
use cluster::bus::{RedisBus, RedisConfig};
use cluster::wire::redis_adapter::RedisAdapter;
use cluster::{ClusterConfig, adapters};
use engine_io::ServeLimits;
use serde_json::{Value, json};
use socket_io::{Binary, Broadcast, Config, Io, Namespace, Room, Socket};
use tokio::net::TcpListener;

#[derive(Parser)]
#[command(about = "One server of a cluster, on /chat, for the tests with Node")]
struct Options {
    /// Where to listen on 127.0.0.1; 0 for any free port.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The address of Redis.
    #[arg(long)]
    redis: String,
    /// Answer on the asking server's own channel.
    #[arg(long)]
    specific_responses: bool,
}

/// Clients of the tests answer sooner.
const PATIENCE: Duration = Duration::from_secs(5);

fn select(socket: &Socket, rooms: Vec<String>, except: Vec<String>) -> Broadcast {
    let chat = socket.namespace().timeout(PATIENCE);
    // The tests name sockets and rooms by text, as a server does.
    let room = |name: &String| Room::from_text(name);
    let rooms = rooms.iter().map(room).fold(chat, Broadcast::to);
    except.iter().map(room).fold(rooms, Broadcast::except)
}

fn chat(socket: Socket) {
    type Names = Vec<String>;
    let _ = socket.data().share(json!({ "from": "Rust" }));
    socket.on("join", async |socket: Socket, room: String| {
        socket.join(room).is_ok()
    });
    socket.on(
        "to",
        async |socket: Socket, rooms: Names, except: Names, text: String| {
            select(&socket, rooms, except).emit("news", text);
            true
        },
    );
    socket.on(
        "photo",
        async |socket: Socket, room: String, photo: Binary| {
            socket
                .namespace()
                .to(room)
                .emit("photo", ("a photo", photo));
            true
        },
    );
    socket.on("ask", async |socket: Socket, room: String| {
        let answers = select(&socket, vec![room], vec![])
            .emit_with_ack::<Value>("question", 42)
            .await;
        let error = answers.error.map(|error| error.to_string());
        json!([answers.received, answers.missing, error])
    });
    socket.on("fetch", async |socket: Socket, rooms: Names| match select(
        &socket,
        rooms,
        vec![],
    )
    .fetch_sockets()
    .await
    {
        Ok(sockets) => sockets
            .iter()
            .map(|it| {
                let (rooms, data) = (it.rooms(), it.data());
                let query = &it.handshake()["query"];
                json!({ "id": it.id(), "rooms": rooms, "data": data, "query": query })
            })
            .collect(),
        Err(error) => json!(error.to_string()),
    });
    socket.on("rooms", async |socket: Socket| -> Vec<String> {
        let rooms = socket.namespace().fetch_rooms().await.unwrap_or_default();
        rooms.iter().map(ToString::to_string).collect()
    });
    socket.on("move", async |socket: Socket, from: Names, to: String| {
        select(&socket, from, vec![]).sockets_join(to);
        true
    });
    socket.on(
        "out of",
        async |socket: Socket, from: Names, room: String| {
            select(&socket, from, vec![]).sockets_leave(&room);
            true
        },
    );
    socket.on("kick", async |socket: Socket, from: Names, close: bool| {
        select(&socket, from, vec![]).disconnect_sockets(close);
        true
    });
    socket.on("tell servers", async |socket: Socket, text: String| {
        socket.namespace().server_side_emit("news", text);
        true
    });
    socket.on("ask servers", async |socket: Socket| {
        let answers = socket
            .namespace()
            .server_side_emit_with_ack::<Value>("count", 20)
            .await;
        let error = answers.error.map(|error| error.to_string());
        json!([answers.received, error])
    });
    socket.on("servers", async |socket: Socket| {
        socket.namespace().server_count().await.unwrap_or_default()
    });
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let bus = RedisBus::open(&options.redis, RedisConfig::default())?;
    bus.ready(PATIENCE).await?;
    let format = RedisAdapter {
        specific_responses: options.specific_responses,
        ..RedisAdapter::default()
    };
    let io = Io::new(Config {
        adapters: adapters(bus, format, ClusterConfig::default()),
        ..Config::default()
    });
    let room = io.of("/chat", chat);
    // What the other servers say, the clients here hear.
    room.on_server_event("news", async |chat: Namespace, text: String| {
        chat.local().emit("servers say", text);
    });
    room.on_server_event("count", async |_: Namespace, number: u32| number + 1);

    let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
    println!("Listening on http://{}", listener.local_addr()?);
    let limits = ServeLimits::default();
    let forever = std::future::pending();
    engine_io::run(listener, io.filter(), limits, forever).await?;
    Ok(())
}
