//! The worked solutions, one module per exercise. Each can be put in the place of its
//! starter.

pub mod ex12_ask;
pub mod ex12_presence;
pub mod ex12_ring;
pub mod ex12_wire;
