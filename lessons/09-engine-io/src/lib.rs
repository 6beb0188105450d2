//! Engine.IO protocol 4: one session over any transport.
//!
//! TCP gives us a connection, WebSocket gives us messages, and still a chat on a train
//! does not work: proxies refuse WebSocket, connections die in tunnels, and neither end
//! notices. Engine.IO puts a *session* above the connection. It opens over plain HTTP,
//! which passes everywhere; moves to a WebSocket when one gets through; and beats, so
//! that both ends know within seconds when the other is gone.
//!
//! The core is [`machine::Machine`]: packets and time in, packets out, no I/O. Around it
//! are the transports, the [`Server`] with its sessions, the warp [`filter()`], and
//! [`run`], the accept loop. With the cargo feature `tower` there is also the module
//! `tower`: the server as a service or a layer for axum.
//!
//! ```no_run
//! use std::sync::Arc;
//! use engine_io::{Application, CloseReason, Config, EncodedMessage, Message, Receiver, Server, Session};
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
//!     fn close(&self, reason: CloseReason) {
//!         println!("{reason}");
//!     }
//! }
//!
//! # async fn example() {
//! let server = Server::new(Config::default(), Echo);
//! warp::serve(engine_io::filter(&server)).run(([127, 0, 0, 1], 3000)).await;
//! # }
//! ```

mod carry;
mod compression;
mod config;
mod cookie;
mod deadlines;
#[cfg(test)]
#[path = "deadlines/tests.rs"]
mod deadlines_tests;
mod filter;
mod handshake;
mod hooks;
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
// A solution uses the name `engine_io::` as an answer does, so that one can take the
// place of the other.
extern crate self as engine_io;

#[doc(hidden)]
#[path = "../solutions/mod.rs"]
pub mod solutions;

pub use compression::{HttpCompression, PerMessageDeflate};
pub use config::{Config, Cors, CorsHeaders, OriginRule, Transport, Transports};
pub use cookie::{Cookie, SameSite};
pub use deadlines::{Deadlines, Expire};
pub use filter::{client_address, filter};
pub use handshake::Handshake;
pub use hooks::{ConnectionError, Hooks};
pub use listener::{Listener, with_handshake};
pub use machine::{CloseReason, Closed};
pub use origin::is_same_origin;
pub use packet::{EncodedMessage, Message, Packet, PacketError};
pub use peer::Peer;
pub use refusal::Refusal;
pub use request::RequestHead;
pub use serve::{ServeLimits, run};
pub use server::Server;
pub use session::{Application, Receiver, Session};
pub use sid::random_id;
pub use stream::RequestBody;
