//! The lesson's tests, in one program: to link is most of what another one would cost.

mod common;
mod connection;
mod cost;
mod decoder;
mod deflate;
mod frames;
mod handshake;
mod properties;
mod sockets;
