//! WebSocket by hand: the handshake and the frames of RFC 6455, as values.
//!
//! TCP gives a run of bytes; a chat wants messages, in both directions, over a connection that began as HTTP. That is
//! all WebSocket is: one HTTP request that turns the connection over ([`accept_key`]), and a few bytes in front of
//! each message that say how long it is ([`FrameHeader`]). There is no I/O here: bytes go in, [`Event`]s come out,
//! and whoever owns the socket moves the bytes.
//!
//! ```
//! use websocket::{Decoder, Event, Limits, Role};
//!
//! // A client's "Hello", masked (RFC 6455 §5.7).
//! let mut bytes = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
//! let mut decoder = Decoder::new(Role::Server, Limits::default());
//! let mut input = &mut bytes[..];
//! assert_eq!(decoder.decode(&mut input), Ok(Some(Event::Text("Hello".into()))));
//! ```

mod close;
mod decoder;
mod error;
mod frame;
mod handshake;

pub use close::{CloseCode, CloseFrame};
pub use decoder::{Decoder, Event, Limits, Role};
pub use error::ProtocolError;
pub use frame::{FrameHeader, MAX_HEADER, OpCode, apply_mask, encode_frame, encode_masked_frame};
pub use handshake::accept_key;
