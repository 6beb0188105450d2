//! The protocol on the wire: packets as text, arguments as JSON, and the bytes that follow
//! them. Pure functions and values, which know neither sockets nor sessions.

pub(crate) mod args;
pub(crate) mod binary;
pub(crate) mod outgoing;
pub mod packet;
pub(crate) mod parser;
pub(crate) mod repair;
