//! An Engine.IO server that sends every message back, with the short heartbeat that
//! protocol tests expect.

use std::process::exit;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use engine_io::{
    Application, CloseReason, Config, Cors, EncodedMessage, HttpCompression, Message,
    PerMessageDeflate, Receiver, ServeLimits, Server, Session,
};
use tokio::net::TcpListener;

#[derive(Parser)]
#[command(about = "Sends every message back, on /engine.io/")]
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
    /// Compress messages and polling answers.
    #[arg(long)]
    compress: bool,
}

// ANCHOR: application
struct Echo;
struct EchoSession(Session);

impl Application for Echo {
    fn open(&self, session: Session) -> Arc<dyn Receiver> {
        Arc::new(EchoSession(session))
    }
}

impl Receiver for EchoSession {
    fn message(&self, message: Message<'_>) {
        let echo = match message {
            Message::Text(text) => EncodedMessage::text(text),
            Message::Binary(bytes) => EncodedMessage::binary(&bytes),
        };
        // A session that has ended meanwhile needs no echo.
        let _ = self.0.send(&echo);
    }

    fn close(&self, _: CloseReason) {}
}
// ANCHOR_END: application

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let listener = match TcpListener::bind(("127.0.0.1", options.port)).await {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("cannot listen on port {}: {error}", options.port);
            exit(2);
        }
    };
    println!("Listening on http://{}", listener.local_addr()?);
    let config = Config {
        ping_interval: Duration::from_millis(options.ping_interval),
        ping_timeout: Duration::from_millis(options.ping_timeout),
        max_payload: 1_000_000,
        cors: Cors::Any,
        per_message_deflate: options.compress.then(PerMessageDeflate::default),
        http_compression: options.compress.then(HttpCompression::default),
        ..Config::default()
    };
    let filter = engine_io::filter(&Server::new(config, Echo));
    engine_io::run(
        listener,
        filter,
        ServeLimits::default(),
        std::future::pending(),
    )
    .await?;
    Ok(())
}
