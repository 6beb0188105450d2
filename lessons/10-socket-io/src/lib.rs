//! A Socket.IO server (protocol 5) for the official clients: namespaces, rooms, events
//! and acknowledgements.
//!
//! An Engine.IO session is a stream of messages that outlives its connections. Socket.IO
//! adds the names that an application needs: *which* event, for *which* part of the
//! program, sent to *which* clients, and whether it arrived. On the wire that is a few
//! characters in front of a JSON array ([`packet`]); in the server it is the record of
//! which [`Socket`] is in which [`Namespace`] and [`Room`].
//!
//! # Contents
//!
//! - [Getting started](#getting-started): [dependencies](#dependencies), [a
//!   server](#a-server), [a client](#a-client)
//! - [Features](#features): [handlers](#handlers), [acknowledgements](#acknowledgements),
//!   [rooms](#rooms), [broadcasts](#broadcasts), [middleware](#middleware),
//!   [namespaces](#namespaces), [recovery](#recovery), [bytes](#bytes), [several
//!   servers](#several-servers)
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
//! The package is called `lesson-10-socket-io`, and the library in it is called
//! `socket_io`. [`engine_io`] below it has the accept loop and the settings of a
//! connection. Neither is on crates.io: put the address of your copy of this repository
//! in place of `REPOSITORY`.
//!
//! ```toml
//! [dependencies]
//! socket-io = { package = "lesson-10-socket-io", git = "REPOSITORY" }
//! engine-io = { package = "lesson-09-engine-io", git = "REPOSITORY" }
//! tokio = { version = "1", features = ["macros", "net", "rt-multi-thread", "signal", "sync"] }
//! # Only to add your routes next to the server, or to try it with `warp::serve`.
//! warp = { version = "0.4", features = ["server"] }
//! ```
//!
//! ## A server
//!
//! ```no_run
//! use engine_io::ServeLimits;
//! use socket_io::{Config, Io, Socket};
//! use tokio::net::TcpListener;
//!
//! #[tokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let io = Io::new(Config::default());
//!     io.of("/chat", |socket| {
//!         socket.on("join", async |socket: Socket, room: String| socket.join(room).is_ok());
//!         socket.on("user message", async |socket: Socket, room: String, text: String| {
//!             socket.to(room).emit("msg_to_room", (socket.id().as_str(), text));
//!             true
//!         });
//!     });
//!
//!     let listener = TcpListener::bind("127.0.0.1:5000").await?;
//!     let stop = async { drop(tokio::signal::ctrl_c().await) };
//!     engine_io::run(listener, io.filter(), ServeLimits::default(), stop).await
//! }
//! ```
//!
//! [`Io::filter`] is a [warp](https://docs.rs/warp) filter, so `io.filter().or(pages)`
//! serves your pages on the same port. With the cargo feature `tower`, `Io::service` and
//! `Io::layer` mount the server in [axum](https://docs.rs/axum) and other frameworks
//! built on tower.
//!
//! ## A client
//!
//! Any client of Socket.IO 3 or 4 will do. In a page or in Node:
//!
//! ```js
//! import { io } from "socket.io-client";
//!
//! const chat = io("http://localhost:5000/chat");
//! chat.on("msg_to_room", (id, text) => console.log(`${id}: ${text}`));
//! chat.on("connect", async () => {
//!   const joined = await chat.emitWithAck("join", "tea");
//!   if (joined) chat.emit("user message", "tea", "Hello!");
//! });
//! ```
//!
//! `/chat` in the address is the namespace. The path of the HTTP requests is a separate
//! setting: the option `path` of the client, `config.engine.path` here, and `/socket.io/`
//! by default in both. A page that comes from another origin than the server has to be
//! [allowed](#pages-from-elsewhere).
//!
//! # Features
//!
//! ## Handlers
//!
//! A handler is an async function. Its parameters are the event's arguments, decoded by
//! serde; if they do not fit, the server does not call the handler and acknowledges the
//! event with `false` and the reason. The server handles the events of one socket in
//! order, one after another, and the events of different sockets at the same time. See
//! [`Socket::on`] and [`Handler`].
//!
//! ```
//! # let io = socket_io::Io::default();
//! use serde::Deserialize;
//! use socket_io::Socket;
//!
//! #[derive(Deserialize)]
//! struct Order { tea: String, cups: u8 }
//!
//! io.of("/", |socket| {
//!     socket.on("order", async |_: Socket, order: Order| {
//!         format!("{} cups of {}", order.cups, order.tea)
//!     });
//! });
//! ```
//!
//! [`Socket::once`], [`Socket::off`], [`Socket::on_any`] and [`Socket::on_disconnect`] do
//! what their names say in Node.
//!
//! ## Acknowledgements
//!
//! A handler's return value is the acknowledgement of the event. A handler with a last
//! parameter of type [`Ack`] acknowledges whenever it wants to. In the other direction,
//! [`Socket::emit_with_ack`] asks the client.
//!
//! ```
//! # use socket_io::{AckError, Socket};
//! async fn ask(socket: &Socket) -> Result<u8, AckError> {
//!     // Ten seconds by default: see `Config::ack_timeout`.
//!     let cups: u8 = socket.emit_with_ack("how many cups?", ()).await?;
//!     Ok(cups)
//! }
//! ```
//!
//! ## Rooms
//!
//! A room is a name for a set of sockets, and only the server puts a socket into one.
//! Every socket is also in its own room, which its [`SocketId`] names.
//!
//! ```
//! # use socket_io::{JoinError, Socket};
//! fn move_to(socket: &Socket, room: &str) -> Result<(), JoinError> {
//!     socket.leave_all();
//!     socket.join(room)?;
//!     socket.to(room).emit("joined", socket.id());
//!     Ok(())
//! }
//! ```
//!
//! ## Broadcasts
//!
//! [`Socket::to`] and [`Socket::broadcast`] leave the socket itself out; the same methods
//! of [`Namespace`] and [`Io`] do not. Each returns a [`Broadcast`], which is encoded
//! once for all its receivers. The page *Emit cheat sheet* of the book lists every way to
//! emit, next to the line for Node.
//!
//! ```
//! # use socket_io::{Namespace, Socket};
//! fn announce(chat: &Namespace, socket: &Socket) {
//!     chat.emit("news", "everyone in the namespace");
//!     chat.to("tea").to("cake").emit("news", "the members of either room, once each");
//!     socket.to("tea").except("asleep").emit("news", "neither this socket nor sleepers");
//!     chat.to("tea").volatile().emit("mouse", (3, 4));
//! }
//! ```
//!
//! ## Middleware
//!
//! [`Namespace::middleware`] decides which clients may join a namespace.
//! [`Socket::middleware`] checks each event of a socket, and can change or refuse it; its
//! documentation has a rate limit as an example.
//!
//! ```
//! # let io = socket_io::Io::default();
//! use socket_io::{ConnectError, Socket};
//!
//! io.of("/admin", |_| {}).middleware(async |socket: Socket| {
//!     let allowed = socket.auth()["token"] == "secret";
//!     if allowed { Ok(()) } else { Err(ConnectError::new("not authorized")) }
//! });
//! ```
//!
//! ## Namespaces
//!
//! One connection carries several conversations. [`Io::of`] opens a namespace,
//! [`Io::of_dynamic`] lets clients open those that a predicate accepts, and
//! [`ParentNamespace`] is the handle to all of these.
//!
//! ```
//! # let io = socket_io::Io::default();
//! let teams = io.of_dynamic(|name, _auth| name.starts_with("/team-"), |socket| {
//!     socket.emit("welcome", socket.namespace().name());
//! });
//! teams.emit("news", "the match starts at noon");
//! ```
//!
//! ## Recovery
//!
//! With [`Recovery`], a client that was away for a while gets its id, its rooms, its
//! [data](Socket::data) and the events that it missed. It is off by default.
//!
//! ```
//! use socket_io::{Config, Io, Recovery};
//!
//! let io = Io::new(Config { recovery: Some(Recovery::default()), ..Config::default() });
//! io.of("/chat", |socket| {
//!     let greeting = if socket.recovered() { "welcome back" } else { "you are new here" };
//!     socket.emit("welcome", greeting);
//! });
//! ```
//!
//! ## Bytes
//!
//! [`Binary`] is bytes anywhere in the arguments: in a struct, in a list, or as an
//! argument.
//!
//! ```
//! # let io = socket_io::Io::default();
//! use socket_io::{Binary, Socket};
//!
//! io.of("/gallery", |socket| {
//!     socket.on("photo", async |socket: Socket, name: String, photo: Binary| {
//!         let size = photo.0.len();
//!         socket.broadcast().emit("photo", (name, photo));
//!         size
//!     });
//! });
//! ```
//!
//! ## Several servers
//!
//! With an [`Adapter`] in [`Config::adapters`], broadcasts reach the sockets of all servers
//! of a cluster. A method that returns something at once, like [`Namespace::sockets`],
//! knows this server alone; one that is awaited, like [`Namespace::fetch_sockets`], asks
//! them all. The servers also send each other events.
//!
//! ```
//! use socket_io::{AdapterError, Io, Namespace};
//!
//! async fn close_the_kitchen(io: &Io) -> Result<(), AdapterError> {
//!     // On every server.
//!     for guest in io.to("kitchen").fetch_sockets().await? {
//!         println!("{} has to go", guest.data()["nickname"]);
//!     }
//!     io.to("kitchen").sockets_leave("kitchen");
//!     // To the applications on the others.
//!     io.server_side_emit("closed", "kitchen");
//!     Ok(())
//! }
//!
//! fn listen(io: &Io) {
//!     io.on_server_event("closed", async |_: Namespace, room: String| {
//!         println!("another server has closed {room}");
//!     });
//! }
//! ```
//!
//! # Pages from elsewhere
//!
//! By default only pages of the server's own origin can connect. Set [`engine_io::Cors`]
//! to allow others:
//!
//! ```
//! use engine_io::Cors;
//! use socket_io::{Config, Io};
//!
//! let mut config = Config::default();
//! config.engine.cors = Cors::Origins(vec!["https://chat.example".into()]);
//! let io = Io::new(config);
//! ```
//!
//! The server checks the origin of each request, WebSocket handshakes included, to which
//! CORS in browsers does not apply. Programs such as Node send no `Origin`, and are not
//! affected.
//!
//! # Production
//!
//! - **Serve with [`engine_io::run`], not with `warp::serve`.** The latter waits for a
//!   half-sent request for as long as the client likes.
//!   [`ServeLimits`](engine_io::ServeLimits) sets the number of connections, the size and
//!   the time of a request's headers, and how long a client may leave data unread.
//! - **Limits.** [`Limits`] bounds the memory that one client can occupy,
//!   [`engine_io::Config`] the sessions, in total and for each address, and the bytes
//!   that wait for slow clients. All of them have defaults.
//! - **Names.** Put the names of your server into
//!   [`public_hosts`](engine_io::Config::public_hosts), and the number of proxies in
//!   front of it into [`trusted_proxies`](engine_io::Config::trusted_proxies).
//! - **TLS.** A proxy can do it, or [`engine_io::with_handshake`].
//! - **Shutdown.** [`Io::drain`] closes the sessions spread over a period, so that the
//!   clients do not all arrive at the next server at once. [`Io::shutdown`] closes them
//!   at once.
//! - **Logs and metrics.** Log lines go through `tracing`, with one span for each
//!   session. The cargo feature `metrics` counts through the `metrics` facade.
//! - **Several servers.** Rooms live in the memory of one process, unless
//!   [`Config::adapters`] has an [`Adapter`] that tells the other servers of a cluster.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use engine_io::ServeLimits;
//! use socket_io::{Config, Io};
//! use tokio::net::TcpListener;
//! use tokio::sync::oneshot;
//!
//! #[tokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let mut config = Config::default();
//!     config.engine.public_hosts = vec!["chat.example".into()];
//!     config.engine.trusted_proxies = 1;
//!     let io = Io::new(config);
//!
//!     let listener = TcpListener::bind("127.0.0.1:5000").await?;
//!     let (stop, stopping) = oneshot::channel::<()>();
//!     let serve = engine_io::run(listener, io.filter(), ServeLimits::default(), async {
//!         drop(stopping.await);
//!     });
//!     let end = async {
//!         tokio::signal::ctrl_c().await?;
//!         // No more requests; then the sessions, over ten seconds.
//!         drop(stop);
//!         io.drain(Duration::from_secs(10), Duration::from_secs(5)).await;
//!         Ok(())
//!     };
//!     tokio::try_join!(serve, end)?;
//!     Ok(())
//! }
//! ```
//!
//! # Cargo features
//!
//! All are off by default, and the server without them does not compile any of their
//! code.
//!
//! | feature | what it adds |
//! |---|---|
//! | `client` | the module `client`: a client for Rust programs, with reconnection and recovery |
//! | `test-client` | the module `testing`: clients in memory for your own tests, without ports; includes `client` |
//! | `msgpack` | `Parser::msgpack`, for clients with socket.io-msgpack-parser, and the module `msgpack` |
//! | `tower` | `Io::service` and `Io::layer`, for axum and other frameworks built on tower |
//! | `metrics` | the module `metrics`: counters, gauges and histograms through the `metrics` facade |
//! | `example-axum` | only for the example `socket_io_axum`: builds axum |
//! | `fuzzing` | only for the fuzz targets of this project |
//!
//! Compression needs no feature: see
//! [`per_message_deflate`](engine_io::Config::per_message_deflate).
//!
//! # Compatibility
//!
//! The server speaks Socket.IO protocol 5 on Engine.IO protocol 4, which is what
//! Socket.IO 3 and 4 use. Our tests run `socket.io-client` 4.8 in Node and in Chromium,
//! python-socketio and `rust_socketio`, and in Node socket.io-msgpack-parser 3 with the
//! feature `msgpack`. Clients of Socket.IO 2 are refused, with a message that says why.
//! The project uses Rust 1.95, tokio 1, warp 0.4 and, in its example, axum 0.8.
//!
//! # Examples
//!
//! All are in `lessons/10-socket-io/examples`, and start with `cargo run -p
//! lesson-10-socket-io --example NAME`.
//!
//! | example | what it shows |
//! |---|---|
//! | `emit` | every way to emit |
//! | `events` | several handlers, middleware with a rate limit, listeners to all events |
//! | `features` | middleware, acknowledgements to the server, dynamic namespaces, recovery |
//! | `lookup` | sockets by id, rooms, broadcasts with answers, idempotency keys |
//! | `client` | the chat in a terminal (`--features client`) |
//! | `msgpack` | a server for clients with socket.io-msgpack-parser (`--features msgpack`) |
//! | `socket_io_axum` | a server in an axum program (`--features example-axum`) |
//! | `conformance`, `contract`, `client_probe` | what the public test suite, our benchmarks and our tests run |
//!
//! The chat in `chat-app` is a whole application on this library, with pages, rooms,
//! history and a graceful shutdown. Chapter 10 of the book explains how the library
//! works.

mod ack;
mod adapter;
mod broadcast;
#[cfg(feature = "client")]
pub mod client;
mod config;
mod connection;
mod data;
mod entrance;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod gate;
mod handler;
mod inbox;
mod info;
mod installed;
mod io;
mod limits;
mod link;
mod local;
mod machine;
mod mailbox;
#[cfg(not(feature = "metrics"))]
#[path = "unmeasured.rs"]
mod measure;
mod members;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(feature = "msgpack")]
pub mod msgpack;
mod namespace;
mod namespaces;
mod parent;
mod reason;
mod recovery;
mod remote;
mod reply;
mod room;
mod sent;
mod server_events;
#[cfg(test)]
mod simulation;
mod socket;
mod sync;
mod tasks;
#[cfg(feature = "test-client")]
pub mod testing;
mod wire;
#[cfg(feature = "metrics")]
use self::metrics as measure;
// A solution uses the name `socket_io::`, as a reader's answer does.
extern crate self as socket_io;

#[doc(hidden)]
#[path = "../solutions/mod.rs"]
pub mod solutions;

pub use ack::{AckStep, Answers, EmitWithAck};
pub use adapter::{Adapter, Restoring, ServerAnswers, SessionRecord};
pub use broadcast::Broadcast;
pub use config::{Adapters, Config};
pub use data::Data;
pub use error::{AckError, AdapterError, ConnectError, JoinError, ParseError};
pub use handler::{Handler, HandlerId};
pub use info::SocketInfo;
pub use io::Io;
pub use limits::Limits;
pub use local::Local;
pub use namespace::Namespace;
pub use parent::ParentNamespace;
pub use reason::DisconnectReason;
pub use recovery::Recovery;
pub use remote::RemoteSocket;
pub use reply::Ack;
pub use room::{Change, InvalidSocketId, Room, Selection, SocketId};
pub use socket::Socket;
pub use wire::args::{Args, ArgsWriter, Event, FromArgs, IntoArgs, RawArgs};
pub use wire::binary::Binary;
pub use wire::outgoing::OutgoingEvent;
pub use wire::packet;
pub use wire::parser::Parser;

/// Compiles the example in the project's README.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
