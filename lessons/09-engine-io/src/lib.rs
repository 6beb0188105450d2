//! An Engine.IO server (protocol 4): one session over any transport.
//!
//! TCP provides a connection, WebSocket provides messages, and still a chat on a train
//! does not work: proxies refuse WebSocket, connections die in tunnels, and neither end
//! notices. Engine.IO puts a *session* above the connection. It opens over plain HTTP,
//! which passes everywhere; it moves to a WebSocket when one gets through; and its
//! heartbeat lets both ends know within seconds that the other is gone.
//!
//! The core is [`machine::Machine`]: packets and time in, packets out, no I/O. Around it
//! are the transports, the [`Server`] with its sessions, the warp [`filter()`], and
//! [`run`], the accept loop. Socket.IO, in the library `socket_io`, adds events, rooms
//! and acknowledgements: use it unless plain messages are all that you need.
//!
//! # Contents
//!
//! - [Getting started](#getting-started): [dependencies](#dependencies), [a
//!   server](#a-server), [a client](#a-client)
//! - [Features](#features): [messages](#messages), [back-pressure](#back-pressure), [a
//!   check before a session](#a-check-before-a-session), [transports](#transports),
//!   [compression](#compression)
//! - [Pages from elsewhere](#pages-from-elsewhere) (CORS)
//! - [Production](#production)
//! - [Cargo features](#cargo-features)
//! - [Compatibility](#compatibility)
//! - [Examples](#examples)
//!
//! # Getting started
//!
//! ## Dependencies
//!
//! The package is called `lesson-09-engine-io`, and the library in it is called
//! `engine_io`. It is not on crates.io: put the address of your copy of this repository
//! in place of `REPOSITORY`.
//!
//! ```toml
//! [dependencies]
//! engine-io = { package = "lesson-09-engine-io", git = "REPOSITORY" }
//! tokio = { version = "1", features = ["macros", "net", "rt-multi-thread", "signal"] }
//! # Only to add your routes next to the server, or to try it with `warp::serve`.
//! warp = { version = "0.4", features = ["server"] }
//! ```
//!
//! ## A server
//!
//! An [`Application`] returns a [`Receiver`] for each session that opens. This one sends
//! every message back:
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use engine_io::{
//!     Application, CloseReason, Config, EncodedMessage, Message, Receiver, ServeLimits, Server,
//!     Session,
//! };
//! use tokio::net::TcpListener;
//!
//! struct Echo;
//! struct EchoSession(Session);
//!
//! impl Application for Echo {
//!     fn open(&self, session: Session) -> Arc<dyn Receiver> {
//!         Arc::new(EchoSession(session))
//!     }
//! }
//!
//! impl Receiver for EchoSession {
//!     fn message(&self, message: Message<'_>) {
//!         let echo = match message {
//!             Message::Text(text) => EncodedMessage::text(text),
//!             Message::Binary(bytes) => EncodedMessage::binary(&bytes),
//!         };
//!         // The session may have ended in the meantime: then the echo is dropped.
//!         let _ = self.0.send(&echo);
//!     }
//!
//!     fn close(&self, reason: CloseReason) {
//!         println!("{reason}");
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let server = Server::new(Config::default(), Echo);
//!     let listener = TcpListener::bind("127.0.0.1:3000").await?;
//!     let stop = async { drop(tokio::signal::ctrl_c().await) };
//!     engine_io::run(listener, engine_io::filter(&server), ServeLimits::default(), stop).await
//! }
//! ```
//!
//! [`filter()`] is a [warp](https://docs.rs/warp) filter, so `filter(&server).or(pages)`
//! serves your pages on the same port. With the cargo feature `tower`, the module `tower`
//! has the server as a service and as a layer, for [axum](https://docs.rs/axum).
//!
//! ## A client
//!
//! ```js
//! import { Socket } from "engine.io-client";
//!
//! const socket = new Socket("ws://localhost:3000");
//! socket.on("open", () => socket.send("hello"));
//! socket.on("message", (data) => console.log(data));
//! ```
//!
//! The client opens with HTTP long-polling and moves to a WebSocket by itself. The path
//! is `/engine.io/` in both, unless [`Config::path`] and the client's option `path` say
//! otherwise.
//!
//! # Features
//!
//! ## Messages
//!
//! A [`Session`] is a cheap handle, and any thread can send with it. A message is encoded
//! once, however many sessions it is sent to.
//!
//! ```
//! # use engine_io::{EncodedMessage, Session};
//! fn tell_all(sessions: &[Session], text: &str) {
//!     let message = EncodedMessage::text(text);
//!     for session in sessions {
//!         // An error says that this session has ended.
//!         let _ = session.send(&message);
//!     }
//! }
//! ```
//!
//! ## Back-pressure
//!
//! In one direction, [`Session::drained`] waits until the client has taken everything,
//! and [`Config::outbound_budget`] bounds what may wait for it. In the other direction,
//! [`Session::pause`] leaves messages with the client.
//!
//! ```
//! # use engine_io::{Closed, EncodedMessage, Session};
//! async fn send_slowly(session: &Session, pages: &[String]) -> Result<(), Closed> {
//!     for page in pages {
//!         session.send(&EncodedMessage::text(page))?;
//!         session.drained().await?;
//!     }
//!     Ok(())
//! }
//! ```
//!
//! ## A check before a session
//!
//! [`Hooks`] are functions that the server calls about requests: to refuse a session, to
//! add headers, to report refusals.
//!
//! ```
//! use engine_io::{Config, Hooks};
//!
//! let hooks = Hooks::default().allow_request(async |request| {
//!     match request.header("x-token") {
//!         Some("secret") => Ok(()),
//!         _ => Err("a token is missing"),
//!     }
//! });
//! let config = Config { hooks, ..Config::default() };
//! ```
//!
//! ## Transports
//!
//! [`Config::transports`] chooses what the server offers, and [`Config::allow_upgrades`]
//! whether a session can move.
//!
//! ```
//! use engine_io::{Config, Transports};
//!
//! let transports = Transports { polling: false, websocket: true };
//! let config = Config { transports, ..Config::default() };
//! ```
//!
//! ## Compression
//!
//! Both kinds are off by default: permessage-deflate for messages over WebSocket, and
//! HTTP compression for the answers to polls.
//!
//! ```
//! use engine_io::{Config, PerMessageDeflate};
//!
//! let config = Config {
//!     per_message_deflate: Some(PerMessageDeflate::default()),
//!     ..Config::default()
//! };
//! ```
//!
//! # Pages from elsewhere
//!
//! By default only pages of the server's own origin can connect. [`Cors`] allows others:
//!
//! ```
//! use engine_io::{Config, Cors};
//!
//! let cors = Cors::Origins(vec!["https://chat.example".into()]);
//! let config = Config { cors, ..Config::default() };
//! ```
//!
//! The server checks the origin of each request, WebSocket handshakes included, to which
//! CORS in browsers does not apply.
//!
//! # Production
//!
//! - **Serve with [`run`], not with `warp::serve`.** The latter waits for a half-sent
//!   request for as long as the client likes. [`ServeLimits`] sets the number of
//!   connections, the size and the time of a request's headers, and how long a client may
//!   leave data unread.
//! - **Limits.** [`Config`] bounds the sessions, in total and for each address, the size
//!   of a message, and the bytes that wait for slow clients. All of them have defaults.
//! - **Names.** Put the names of your server into [`Config::public_hosts`], and the
//!   number of proxies in front of it into [`Config::trusted_proxies`].
//! - **TLS and Unix-domain sockets.** [`run`] accepts any [`Listener`], and
//!   [`with_handshake`] puts TLS in front of one.
//! - **A load balancer** has to send all requests of a session to the same server.
//!   [`Cookie`] helps with that.
//! - **Shutdown.** [`Server::drain`] closes the sessions spread over a period, and
//!   [`Server::shutdown`] closes them at once.
//! - **Logs and metrics.** Log lines go through `tracing`, with one span for each
//!   session. The cargo feature `metrics` counts through the `metrics` facade.
//!
//! ```no_run
//! # use std::time::Duration;
//! # async fn example(server: engine_io::Server, listener: tokio::net::TcpListener) -> std::io::Result<()> {
//! let stop = async { drop(tokio::signal::ctrl_c().await) };
//! let limits = engine_io::ServeLimits::default();
//! engine_io::run(listener, engine_io::filter(&server), limits, stop).await?;
//! // No more requests. WebSockets are still open: close them, over ten seconds.
//! server.drain(Duration::from_secs(10), Duration::from_secs(5)).await;
//! # Ok(())
//! # }
//! ```
//!
//! # Cargo features
//!
//! All are off by default, and the server without them does not compile any of their
//! code.
//!
//! | feature | what it adds |
//! |---|---|
//! | `tower` | the module `tower`: the server as a service or a layer, for axum |
//! | `metrics` | the module `metrics`: counters and gauges through the `metrics` facade |
//! | `example-axum`, `example-tls` | only for the examples of these names: builds axum, and rustls |
//!
//! # Compatibility
//!
//! The server speaks Engine.IO protocol 4, which is what Socket.IO 3 and 4 use. Our tests
//! run the official `engine.io-client` in Node against it. Clients of protocol 3 are
//! refused, with a message that says why. The project uses Rust 1.95, tokio 1, warp 0.4
//! and, in its example, axum 0.8.
//!
//! # Examples
//!
//! All are in `lessons/09-engine-io/examples`, and start with `cargo run -p
//! lesson-09-engine-io --example NAME`.
//!
//! | example | what it shows |
//! |---|---|
//! | `echo` | sends every message back; flags for heartbeat, hooks, cookie and compression |
//! | `axum` | a server in an axum program (`--features example-axum`) |
//! | `tls` | a server behind TLS by rustls (`--features example-tls`) |
//!
//! Chapter 9 of the book explains how the library works.

mod body;
mod carry;
mod compression;
mod config;
mod cookie;
mod deadlines;
#[cfg(test)]
#[path = "deadlines/tests.rs"]
mod deadlines_tests;
mod filter;
pub mod front;
mod guard;
mod handshake;
mod head;
mod hold;
mod hooks;
mod limits;
mod listener;
pub mod machine;
#[cfg(not(feature = "metrics"))]
#[path = "unmeasured.rs"]
mod measure;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(test)]
mod model;
mod occasionally;
mod origin;
mod packet;
pub mod payload;
mod peer;
mod refusal;
mod request;
mod respond;
mod response;
mod screen;
mod serve;
mod server;
mod session;
mod sid;
mod span;
mod stream;
mod sync;
#[cfg(feature = "tower")]
pub mod tower;
mod transport;
mod upgrade;
#[cfg(feature = "metrics")]
use self::metrics as measure;
// A solution uses the name `engine_io::`, as a reader's answer does.
extern crate self as engine_io;

#[doc(hidden)]
#[path = "../solutions/mod.rs"]
pub mod solutions;

pub use body::RequestBody;
pub use compression::{HttpCompression, PerMessageDeflate};
pub use config::{Config, Cors, CorsHeaders, OriginRule, Transport, Transports};
pub use cookie::{Cookie, SameSite};
pub use deadlines::{Deadlines, Expire};
pub use filter::{client_address, filter};
pub use handshake::Handshake;
pub use head::RequestHead;
pub use hooks::{ConnectionError, Hooks};
pub use limits::ServeLimits;
pub use listener::{Listener, with_handshake};
pub use machine::{CloseReason, Closed};
pub use origin::is_same_origin;
pub use packet::{EncodedMessage, Message, Packet, PacketError};
pub use peer::Peer;
pub use refusal::Refusal;
pub use serve::run;
pub use server::Server;
pub use session::{Application, Receiver, Session};
pub use sid::random_id;
