//! One room on several servers: what the servers of a cluster say to each other, and what
//! they say it through.

pub mod bus;
pub mod requests;
pub mod wire;
