//! The worked solutions, one module an exercise. Each can be put in the place of its
//! starter.

pub mod ex13_framing;
pub mod ex13_packet;
pub mod ex13_transport;
