//! The lesson's tests in one program, because linking is most of what a program costs.

mod common;
mod connection;
mod cost;
mod decoder;
mod deflate;
mod frames;
mod handshake;
mod properties;
mod sockets;
