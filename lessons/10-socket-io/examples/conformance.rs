//! The server that the Socket.IO protocol's public test suite expects: short heartbeats,
//! events that come back, two namespaces. The suite passes as it ships, on the default
//! port.

use std::future::pending;
use std::process::exit;
use std::time::Duration;

use clap::Parser;
use engine_io::{Cors, ServeLimits};
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

/// Sends the event `auth` a moment after the CONNECT packet, because the suite waits for
/// one message at a time and loses the second of two that arrive together.
fn say_auth(socket: Socket) {
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(10)).await;
        socket.emit("auth", socket.auth());
    });
}

/// Runs on one thread, which takes messages in the order in which they arrive. The suite
/// ends an upgrade and polls at once, over another connection, and expects the upgrade to
/// be seen first.
#[tokio::main(flavor = "current_thread")]
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
        say_auth(socket.clone());
        socket.on("message", async |socket: Socket, args: Args| {
            socket.emit("message-back", args);
        });
        socket.on("message-with-ack", async |_: Socket, args: Args| args);
    });
    io.of("/custom", say_auth);

    let listener = match TcpListener::bind(("127.0.0.1", options.port)).await {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("cannot listen on port {}: {error}", options.port);
            exit(2);
        }
    };
    println!("Listening on http://{}", listener.local_addr()?);
    let limits = ServeLimits::default();
    engine_io::run(listener, io.filter(), limits, pending()).await?;
    Ok(())
}
