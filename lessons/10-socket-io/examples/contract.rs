//! The chat's events without its pages and its database: what is measured when servers
//! are compared.

use std::process::exit;

use clap::Parser;
use engine_io::Limits;
use socket_io::{Config, Io, Socket};
use tokio::net::TcpListener;

#[derive(Parser)]
#[command(about = "The chat's events on /chat, and echo on /, under /socket.io/")]
struct Options {
    /// Where to listen on 127.0.0.1; 0 for any free port.
    #[arg(long, default_value_t = 3000)]
    port: u16,
}

#[derive(Clone)]
struct Nickname(String);

fn chat(socket: Socket) {
    socket.on("join", async |socket: Socket, room: String| {
        socket.join(room).is_ok()
    });
    socket.on("nickname", async |socket: Socket, name: String| {
        socket.data().insert(Nickname(name.clone()));
        (true, name)
    });
    socket.on("user message", async |socket: Socket, text: String| {
        let Nickname(name) = socket.data().get().unwrap_or(Nickname("anonymous".into()));
        let rooms = socket.rooms();
        let others = rooms
            .into_iter()
            .fold(socket.broadcast(), socket_io::Broadcast::to);
        others.emit("msg_to_room", (name, text));
        true
    });
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let io = Io::new(Config::default());
    io.of("/chat", chat);
    io.of("/", |socket| {
        socket.on("echo", async |_: Socket, value: serde_json::Value| value);
    });

    let listener = match TcpListener::bind(("127.0.0.1", options.port)).await {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("cannot listen on port {}: {error}", options.port);
            exit(2);
        }
    };
    println!("Listening on http://{}", listener.local_addr()?);
    engine_io::run(
        listener,
        io.filter(),
        Limits::default(),
        std::future::pending(),
    )
    .await?;
    Ok(())
}
