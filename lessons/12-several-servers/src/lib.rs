//! One room on several servers: what the servers of a cluster say to each other, and what
//! they say it through.

mod adapter;
pub mod bus;
pub mod requests;
pub mod wire;
// A solution uses the name `cluster::` as an answer does, so that one can take the place
// of the other.
extern crate self as cluster;

#[doc(hidden)]
#[path = "../solutions/mod.rs"]
pub mod solutions;

pub use adapter::{ClusterAdapter, ClusterConfig, adapters};
