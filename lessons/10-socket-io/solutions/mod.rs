//! The worked solutions, one module per exercise. Each can replace its starter.

pub mod ex10_ack;
pub mod ex10_packet;
pub mod ex10_placeholders;
pub mod ex10_rooms;
