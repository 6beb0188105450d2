//! The talk's chat in thirty lines, for clients of three generations: what the tests with
//! the official clients run against.

use std::future::pending;
use std::time::Duration;

use clap::Parser;
use engine_io::ServeLimits;
use socket_io::{Args, Binary, Config, ConnectError, Io, Recovery, Socket};
use tokio::net::TcpListener;
use warp::Filter;

#[derive(Parser)]
#[command(about = "A server for clients of three generations, on /socket.io/")]
struct Options {
    /// Where to listen on 127.0.0.1; 0 for any free port
    #[arg(long, default_value_t = 5013)]
    port: u16,
    /// Time between a pong and the next ping, in milliseconds
    #[arg(long, default_value_t = 25_000)]
    ping_interval: u64,
    /// Time for a client to answer a ping, in milliseconds
    #[arg(long, default_value_t = 20_000)]
    ping_timeout: u64,
    /// How long a poll of 0.9 waits, in milliseconds
    #[arg(long, default_value_t = 20_000)]
    polling_duration: u64,
    /// Offer the transport flashsocket too
    #[arg(long)]
    flash: bool,
}

#[derive(Clone)]
struct Room(String);
#[derive(Clone)]
struct Name(String);

fn chat(socket: Socket) {
    socket.on("join", async |socket: Socket, room: String| {
        socket.data().insert(Room(room.clone()));
        socket.join(room).is_ok()
    });
    socket.on("nickname", async |socket: Socket, name: String| {
        let room = socket.data().get::<Room>().map(|room| room.0.clone());
        socket.data().insert(Name(name.clone()));
        let all = socket.namespace().to(room.unwrap_or_default());
        all.emit("announcement", format!("{name} has connected"));
        (true, name)
    });
    socket.on("user message", async |socket: Socket, text: String| {
        let (Some(room), Some(name)) =
            (socket.data().get::<Room>(), socket.data().get::<Name>())
        else {
            return false;
        };
        // To the sender too: the tests compare what each of them sees.
        let all = socket.namespace().to(room.0.clone());
        all.emit("msg_to_room", (name.0.clone(), text));
        true
    });
}

fn main_namespace(socket: Socket) {
    socket.emit("auth", socket.auth());
    socket.on("echo", async |socket: Socket, args: Args| {
        socket.emit("echo", args);
    });
    socket.on("message", async |socket: Socket, args: Args| {
        socket.emit("message", args);
    });
    socket.on("return", async |_: Socket, args: Args| args);
    socket.on("ask me", async |socket: Socket, question: String| {
        let answer: Result<String, _> = socket.emit_with_ack("question", question).await;
        answer.unwrap_or_else(|error| error.to_string())
    });
    socket.on("bytes", async |socket: Socket, bytes: Binary| {
        socket.emit(
            "bytes",
            ("reversed", Binary(bytes.0.iter().rev().copied().collect())),
        );
        bytes.0.len()
    });
    socket.on("flood", async |socket: Socket, count: u32| {
        for number in 0..count {
            socket.emit("number", (number, "naïve 👋"));
        }
    });
    socket.on("put me out", async |socket: Socket| socket.disconnect());
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let mut config = Config {
        recovery: Some(Recovery::default()),
        ..Config::default()
    };
    config.engine.ping_interval = Duration::from_millis(options.ping_interval);
    config.engine.ping_timeout = Duration::from_millis(options.ping_timeout);
    let io = Io::new(config);
    io.of("/", main_namespace);
    io.of("/chat", chat);
    io.of("/closed", |_| ()).middleware(async |socket: Socket| {
        match socket.auth()["token"].as_str() {
            Some("tea") => Ok(()),
            _ => Err(ConnectError::new("who are you?")),
        }
    });
    let mut heritage = heritage::Config {
        polling_duration: Duration::from_millis(options.polling_duration),
        ..heritage::Config::default()
    };
    if options.flash {
        heritage.transports = heritage::v09::Transport::ALL.into();
    }
    let routes = heritage::filter(io.engine(), heritage).or(io.filter());
    let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
    println!("Listening on http://{}", listener.local_addr()?);
    engine_io::run(listener, routes, ServeLimits::default(), pending()).await?;
    Ok(())
}
