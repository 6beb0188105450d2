//! The worked solutions, each under the cases of its exercise.

mod ex12_ask;
mod ex12_presence;
mod ex12_ring;
mod ex12_wire;
