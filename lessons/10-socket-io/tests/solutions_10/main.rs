//! The worked solutions, each under the cases of its exercise.

mod ex10_ack;
mod ex10_packet;
mod ex10_placeholders;
mod ex10_rooms;
