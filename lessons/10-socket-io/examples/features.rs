//! What official clients can ask for and the other examples leave out: questions from the
//! server, refusals by middleware, namespaces by predicate, rooms, and recovery of what a
//! client missed while it was away.

use std::process::exit;

use clap::Parser;
use engine_io::Limits;
use serde_json::{Value, json};
use socket_io::{AckError, Args, Config, ConnectError, Io, Recovery, Socket};
use tokio::net::TcpListener;

#[derive(Parser)]
#[command(about = "A server for client tests, on /socket.io/")]
struct Options {
    /// Where to listen on 127.0.0.1; 0 for any free port.
    #[arg(long, default_value_t = 3000)]
    port: u16,
}

fn main_namespace(socket: Socket) {
    socket.on("echo", async |_: Socket, args: Args| args);
    // The answer to `ask` is the client's own answer to `question`.
    socket.on(
        "ask",
        async |socket: Socket, args: Args| -> Result<Args, AckError> {
            socket.emit_with_ack("question", args).await
        },
    );
    socket.on("join", async |socket: Socket, room: String| {
        socket.join(room).is_ok()
    });
    socket.on("leave", async |socket: Socket, room: String| {
        socket.leave(&room);
    });
    socket.on("tell", async |socket: Socket, room: String, what: Value| {
        socket.to(room).emit("told", what);
        true
    });
    socket.on("throw me out", async |socket: Socket| socket.disconnect());
}

// ANCHOR: middleware
async fn with_token(socket: Socket) -> Result<(), ConnectError> {
    if socket.auth()["token"] == "secret" {
        Ok(())
    } else {
        Err(ConnectError::new("not authorized").with_data(json!({ "field": "token" })))
    }
}
// ANCHOR_END: middleware

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let io = Io::new(Config {
        recovery: Some(Recovery::default()),
        ..Config::default()
    });
    io.of("/", main_namespace);
    io.of("/admin", |socket| socket.emit("welcome", "admin"))
        .middleware(with_token);
    io.of_dynamic(
        |name, _| name.starts_with("/team-"),
        |socket| socket.emit("welcome", socket.namespace().name()),
    );

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
