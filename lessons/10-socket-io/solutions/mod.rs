//! The worked solutions, one module an exercise. Each can be put in the place of its
//! starter.

pub mod ex10_ack;
pub mod ex10_packet;
pub mod ex10_placeholders;
pub mod ex10_rooms;
