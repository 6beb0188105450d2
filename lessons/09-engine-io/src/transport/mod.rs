//! The shell around the [machine](crate::machine): each transport carries its packets and
//! nothing more.

pub(crate) mod polling;
pub(crate) mod websocket;
