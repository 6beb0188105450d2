//! WebSocket by hand: the handshake and the frames of RFC 6455, as values.
//!
//! TCP carries bytes; a chat needs messages. WebSocket makes one from the other: an HTTP
//! request switches the connection to the new protocol ([`accept_key`]), and from then on
//! a header before each payload has its length and its kind ([`FrameHeader`]).
//!
//! None of this reads or writes a socket. Bytes go in and events come out ([`Decoder`],
//! [`Event`]), so that the same code serves a blocking server, an event loop and a test,
//! and so that every rule can be tested with a few bytes. Two layers stand on it:
//! [`Connection`] adds the replies (to pings, to a close frame), still without a socket,
//! and [`WebSocket`] carries its bytes over any stream that blocks. [`Deflate`] adds
//! compression (RFC 7692), if both sides agree to it in the handshake.
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
mod deflate;
mod error;
mod extension;
mod frame;
mod handshake;
mod inspect;
mod server_handshake;
// Solutions use `websocket::`, as a reader's answer does, so that a solution can replace
// a starter.
extern crate self as websocket;

#[doc(hidden)]
#[path = "../solutions/mod.rs"]
pub mod solutions;

pub use blocking::{Error, Message, WebSocket};
pub use client_handshake::{ClientHandshake, HandshakeError};
pub use close::{CloseCode, CloseFrame};
pub use connection::{Closing, Connection};
pub use decoder::{Decoder, Event, Limits, Role};
pub use deflate::{Deflater, encode_compressed_frame};
pub use error::ProtocolError;
pub use extension::Deflate;
pub use frame::{
    FrameHeader, MAX_CONTROL_PAYLOAD, MAX_HEADER, OpCode, apply_mask, encode_frame,
    encode_masked_frame,
};
pub use handshake::accept_key;
pub use inspect::{Field, inspect};
pub use server_handshake::{MAX_HEAD, Origins, Refusal, Request};
