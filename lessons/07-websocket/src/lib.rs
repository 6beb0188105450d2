//! WebSocket by hand: the handshake and the frames of RFC 6455, as values.
//!
//! TCP carries a run of bytes; a chat wants messages. WebSocket is what lies between: one
//! HTTP request turns the connection over ([`accept_key`]), and from then on a few bytes
//! before each payload say how long it is and what it is for ([`FrameHeader`]).
//!
//! Nothing up to here reads or writes a socket. Bytes go in and events come out
//! ([`Decoder`], [`Event`]), so that the same code serves a blocking server, an event
//! loop and a test, and so that every rule can be tried on a few bytes. Two layers stand
//! on it: [`Connection`] answers what has to be answered (pings, a close frame), still
//! without a socket, and [`WebSocket`] carries its bytes over any stream that blocks.
//!
//! ```
//! use websocket::{Decoder, Event, Limits, OpCode, Role, encode_frame, encode_masked_frame};
//!
//! let mut server = Decoder::new(Role::Server, Limits::default());
//! let mut bytes = encode_masked_frame(OpCode::Text, [1, 2, 3, 4], b"hello").to_vec();
//! let mut input = bytes.as_mut_slice();
//! assert_eq!(server.decode(&mut input), Ok(Some(Event::Text("hello".into()))));
//! assert_eq!(server.decode(&mut input), Ok(None)); // nothing left
//!
//! assert_eq!(encode_frame(OpCode::Text, b"hello").as_ref(), b"\x81\x05hello");
//! ```

mod blocking;
mod client_handshake;
mod close;
mod connection;
mod decoder;
mod error;
mod frame;
mod handshake;
mod inspect;
mod server_handshake;
// A solution says `websocket::` as an answer does, so that the one can be put in the
// place of the other.
extern crate self as websocket;

#[doc(hidden)]
#[path = "../solutions/mod.rs"]
pub mod solutions;

pub use blocking::{Error, Message, WebSocket};
pub use client_handshake::{ClientHandshake, HandshakeError};
pub use close::{CloseCode, CloseFrame};
pub use connection::{Closing, Connection};
pub use decoder::{Decoder, Event, Limits, Role};
pub use error::ProtocolError;
pub use frame::{
    FrameHeader, MAX_CONTROL_PAYLOAD, MAX_HEADER, OpCode, apply_mask, encode_frame,
    encode_masked_frame,
};
pub use handshake::accept_key;
pub use inspect::{Field, inspect};
pub use server_handshake::{MAX_HEAD, Origins, Refusal, Request};
