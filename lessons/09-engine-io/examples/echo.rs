//! An Engine.IO server that sends every message back, with the short heartbeat that
//! protocol tests expect.

use std::process::exit;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use engine_io::{
    Application, CloseReason, Config, Cookie, Cors, EncodedMessage, Hooks,
    HttpCompression, Message, PerMessageDeflate, Receiver, ServeLimits, Server, Session,
};
use http::HeaderValue;
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
    /// The largest message, in bytes.
    #[arg(long, default_value_t = 1_000_000)]
    max_payload: usize,
    /// Let sessions stay on the transport that they opened with.
    #[arg(long)]
    no_upgrades: bool,
    /// Open sessions only for requests with `token=TOKEN` in their query.
    #[arg(long)]
    token: Option<String>,
    /// Name the session in a cookie, `io`.
    #[arg(long)]
    cookie: bool,
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
    let mut hooks = Hooks::default().headers(|headers, _| {
        headers.insert("x-server", HeaderValue::from_static("echo"));
    });
    if let Some(token) = options.token {
        // ANCHOR: allow_request
        hooks = hooks.allow_request(move |request| {
            let given = request.query_pairs().find(|(name, _)| name == "token");
            let right = given.is_some_and(|(_, value)| value == token);
            async move { right.then_some(()).ok_or("wrong token") }
        });
        // ANCHOR_END: allow_request
    }
    let config = Config {
        ping_interval: Duration::from_millis(options.ping_interval),
        ping_timeout: Duration::from_millis(options.ping_timeout),
        max_payload: options.max_payload,
        allow_upgrades: !options.no_upgrades,
        cors: Cors::Any,
        cookie: options.cookie.then(Cookie::default),
        hooks,
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
