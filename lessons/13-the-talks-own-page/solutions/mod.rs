//! The worked solutions, one module per exercise. Each can replace its starter.

pub mod ex13_framing;
pub mod ex13_packet;
pub mod ex13_transport;
