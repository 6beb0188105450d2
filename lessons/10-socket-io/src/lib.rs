//! Socket.IO protocol 5: namespaces, rooms, events and acknowledgements.
//!
//! Engine.IO gives one stream of messages that outlives its connections. An application
//! wants names: *which* event, for *which* part of the program, sent to *whom*, and did
//! it arrive? That is Socket.IO: a few characters in front of a JSON array ([`packet`]),
//! and a server that keeps who is where ([`Namespace`], [`Room`]).
//!
//! ```no_run
//! use socket_io::{Config, Io, Socket};
//!
//! # async fn example() {
//! let io = Io::new(Config::default());
//! io.of("/chat", |socket| {
//!     socket.on("join", async |socket: Socket, room: String| socket.join(room).is_ok());
//!     socket.on("user message", async |socket: Socket, room: String, text: String| {
//!         socket.to(room).emit("msg_to_room", (socket.id().as_str(), text));
//!         true
//!     });
//! });
//! warp::serve(io.filter()).run(([127, 0, 0, 1], 5000)).await;
//! # }
//! ```
//!
//! A handler's return value is the acknowledgement. Its parameters are the event's
//! arguments, decoded; arguments that do not fit are answered with `false` and the
//! reason. Events of one socket are handled in their order, one after another.
//!
//! Two cargo features, off by default, add a client: `client` one for programs (the module
//! `client`), and `test-client` one in memory for your own tests (the module `testing`).

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
mod io;
mod limits;
mod link;
mod machine;
mod mailbox;
#[cfg(not(feature = "metrics"))]
#[path = "unmeasured.rs"]
mod measure;
mod members;
#[cfg(feature = "metrics")]
pub mod metrics;
mod namespace;
mod namespaces;
mod parent;
mod reason;
mod recovery;
mod reply;
mod room;
mod sent;
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
// A solution uses the name `socket_io::` as an answer does, so that one can take the
// place of the other.
extern crate self as socket_io;

#[doc(hidden)]
#[path = "../solutions/mod.rs"]
pub mod solutions;

pub use ack::{Answers, EmitWithAck};
pub use adapter::{Adapter, InMemory};
pub use broadcast::Broadcast;
pub use config::{Adapters, Config};
pub use data::Data;
pub use error::{AckError, ConnectError, JoinError, ParseError};
pub use handler::{Event, Handler, HandlerId};
pub use io::Io;
pub use limits::Limits;
pub use members::Member;
pub use namespace::Namespace;
pub use parent::ParentNamespace;
pub use reason::DisconnectReason;
pub use recovery::Recovery;
pub use reply::Ack;
pub use room::{InvalidSocketId, Room, Selection, SocketId};
pub use socket::Socket;
pub use wire::args::{Args, ArgsWriter, FromArgs, IntoArgs, RawArgs};
pub use wire::binary::Binary;
pub use wire::outgoing::EncodedPacket;
pub use wire::packet;

/// Compiles the example in the project's README.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
