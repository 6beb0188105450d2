//! What Socket.IO protocol tests expect of a server: short heartbeats, events that come
//! back, two namespaces.

use std::process::exit;
use std::time::Duration;

use clap::Parser;
use engine_io::{Cors, Limits};
use socket_io::{Args, Config, Io, Socket};
use tokio::net::TcpListener;

#[derive(Parser)]
#[command(about = "A server for protocol tests, on /socket.io/")]
struct Options {
    /// Where to listen on 127.0.0.1; 0 for any free port.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Time between a pong and the next ping, in milliseconds.
    #[arg(long, default_value_t = 300)]
    ping_interval: u64,
    /// Time for a client to answer a ping, in milliseconds.
    #[arg(long, default_value_t = 200)]
    ping_timeout: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let defaults = Config::default();
    let io = Io::new(Config {
        connect_timeout: Duration::from_secs(1),
        engine: engine_io::Config {
            ping_interval: Duration::from_millis(options.ping_interval),
            ping_timeout: Duration::from_millis(options.ping_timeout),
            max_payload: 1_000_000,
            cors: Cors::Any,
            ..defaults.engine
        },
        ..defaults
    });
    io.of("/", |socket| {
        socket.emit("auth", socket.auth().clone());
        socket.on("message", async |socket: Socket, args: Args| {
            socket.emit("message-back", args);
        });
        socket.on("message-with-ack", async |_: Socket, args: Args| args);
    });
    io.of("/custom", |socket| {
        socket.emit("auth", socket.auth().clone());
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
