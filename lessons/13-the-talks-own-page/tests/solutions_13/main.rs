//! The worked solutions, each under the cases of its exercise.

mod ex13_framing;
mod ex13_packet;
mod ex13_transport;
