//! Socket.IO 0.9 and Engine.IO 3 in front of a server of today: the clients of 2013, and
//! those of 2014 to 2020, in the same rooms as everyone else.
//!
//! [`filter`] mounts a gateway in front of a server of lesson 09, and so of Socket.IO. A
//! client of old times gets a session of that server, with its heartbeat, limits and
//! rules for origins; only its packets are translated. The application does not notice.
//!
//! - [`v09`] is Socket.IO 0.9: packets, framing, handshake and transports of the talk.
//! - [`v3`] is Engine.IO 3 with Socket.IO protocol 4, which the clients of Socket.IO 1
//!   and 2 speak.
//! - [`Machine`] is what both have in common: a translator without I/O.
//!
//! The server must use the default parser: these clients do not know msgpack.

mod config;
mod gateway;
mod machine;
mod memo;
mod modern;
mod response;
mod seat;
mod socket;
pub mod utf16;
pub mod v09;
pub mod v3;
// A solution uses the name `heritage::` as an answer does, so that one can take the place
// of the other.
extern crate self as heritage;

#[doc(hidden)]
#[path = "../solutions/mod.rs"]
pub mod solutions;

pub use config::{Config, Protocols};
pub use gateway::filter;
pub use machine::{End, Machine, Output, Piece};
pub use memo::Memo;
pub use response::script;
