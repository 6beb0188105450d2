//! What goes over the wire: packets as text, arguments as JSON, bytes beside them. Pure
//! functions and values, which know neither sockets nor sessions.

pub(crate) mod args;
pub(crate) mod binary;
pub(crate) mod outgoing;
pub mod packet;
pub(crate) mod repair;
