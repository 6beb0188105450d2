//! A server for clients with socket.io-msgpack-parser: rooms, bytes, acknowledgements
//! and recovery, in MessagePack.

use std::future::pending;

use anyhow::Context;
use clap::Parser as _;
use engine_io::ServeLimits;
use serde_json::json;
use socket_io::{Ack, Args, Binary, Config, ConnectError, Io, Parser, Recovery, Socket};
use tokio::net::TcpListener;

#[derive(clap::Parser)]
#[command(about = "A server whose packets are MessagePack, on /socket.io/")]
struct Options {
    /// Where to listen on 127.0.0.1; 0 for any free port.
    #[arg(long, default_value_t = 3000)]
    port: u16,
}

fn gallery(socket: Socket) {
    socket.on("echo", async |_: Socket, args: Args| args);
    socket.on("auth", async |socket: Socket| socket.auth());
    socket.on("join", async |socket: Socket, room: String| {
        socket.join(room).is_ok()
    });
    socket.on(
        "show",
        async |socket: Socket, room: String, name: String, photo: Binary| {
            socket.to(room.clone()).volatile().emit("seen", name.len());
            socket.to(room).emit("photo", (name, photo));
        },
    );
    // A task asks, so that the client's next event need not wait for the answer.
    socket.on("ask", async |socket: Socket, question: Args, _: Ack| {
        tokio::spawn(async move {
            if let Ok(answer) = socket.emit_with_ack::<Args>("question", question).await {
                socket.emit("answer", answer);
            }
        });
    });
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Options { port } = Options::parse();
    let io = Io::new(Config {
        parser: Parser::msgpack(),
        recovery: Some(Recovery::default()),
        ..Config::default()
    });
    io.of("/", gallery);
    io.of("/closed", |_| {})
        .middleware(async |_| Err(ConnectError::new("closed").with_data(json!([1.5]))));

    let listener = TcpListener::bind(("127.0.0.1", port)).await;
    let listener = listener.with_context(|| format!("cannot listen on port {port}"))?;
    println!("Listening on http://{}", listener.local_addr()?);
    let limits = ServeLimits::default();
    Ok(engine_io::run(listener, io.filter(), limits, pending()).await?)
}
