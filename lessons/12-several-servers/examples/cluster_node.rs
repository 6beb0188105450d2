//! One server of a cluster that shares its rooms through Redis. The tests in
//! `chat-app/interop/cluster` run it next to Node's servers. A client controls it with
//! events (`to`, `fetch`, `move` and so on), and the acknowledgements are the results.

use std::time::Duration;

use clap::{Parser, ValueEnum};
use cluster::bus::{RedisBus, RedisConfig, RedisStreams, StreamConfig};
use cluster::wire::redis_adapter::RedisAdapter;
use cluster::wire::sharded::Sharded;
use cluster::wire::streams::Streams;
use cluster::{ClusterConfig, adapters, streams_adapters};
use engine_io::ServeLimits;
use serde_json::{Value, json};
use socket_io::{
    Adapters, Binary, Broadcast, Config, Io, Namespace, Recovery, Room, Socket,
};
use tokio::net::TcpListener;

#[derive(Parser)]
#[command(
    about = "Runs one server of a cluster, with the namespace /chat, to be tested with Node"
)]
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
    /// Which of Node's adapters to speak with.
    #[arg(long, value_enum, default_value_t = Speech::Plain)]
    adapter: Speech,
}

#[derive(Clone, Copy, ValueEnum)]
enum Speech {
    /// `createAdapter` of `@socket.io/redis-adapter`.
    Plain,
    /// `createShardedAdapter` of the same package.
    Sharded,
    /// The same with `subscriptionMode: "static"`.
    ShardedStatic,
    /// `createAdapter` of `@socket.io/redis-streams-adapter`, with recovery.
    Streams,
}

/// Clients of the tests answer sooner.
const PATIENCE: Duration = Duration::from_secs(5);

async fn connect(options: &Options) -> anyhow::Result<Adapters> {
    let mut redis = RedisConfig::default();
    let cluster = ClusterConfig::default();
    Ok(match options.adapter {
        Speech::Plain => {
            let bus = RedisBus::open(&options.redis, redis)?;
            bus.ready(PATIENCE).await?;
            let format = RedisAdapter {
                specific_responses: options.specific_responses,
                ..RedisAdapter::default()
            };
            adapters(bus, format, cluster)
        }
        Speech::Sharded | Speech::ShardedStatic => {
            redis.sharded = true;
            let bus = RedisBus::open(&options.redis, redis)?;
            bus.ready(PATIENCE).await?;
            let format = Sharded {
                dynamic: matches!(options.adapter, Speech::Sharded),
                ..Sharded::default()
            };
            adapters(bus, format, cluster)
        }
        Speech::Streams => {
            let log = RedisStreams::open(&options.redis, redis, StreamConfig::default())?;
            log.ready(PATIENCE).await?;
            streams_adapters(log, Streams::default(), cluster)
        }
    })
}

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
    let io = Io::new(Config {
        adapters: connect(&options).await?,
        recovery: matches!(options.adapter, Speech::Streams).then(Recovery::default),
        ..Config::default()
    });
    let room = io.of("/chat", chat);
    // Each event of another server goes to the clients of this one.
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
