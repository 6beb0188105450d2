//! The worked solutions, one module for each exercise. Each can replace its starter.

pub mod ex12_ask;
pub mod ex12_presence;
pub mod ex12_ring;
pub mod ex12_wire;
