//! Socket.IO 0.9: the protocol of the talk.

mod framing;
mod handshake;
mod http;
mod machine;
mod packet;

pub use framing::{BadFraming, FRAME, Packets, decode_body, encode_body};
pub use handshake::{BadHandshake, Handshake, Transport, UnknownTransport, choose};
pub(crate) use http::serve;
pub use machine::Session;
pub(crate) use packet::digits;
pub use packet::{Kind, Packet, PacketError};
