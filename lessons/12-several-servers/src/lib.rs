//! One room on several servers: the adapter that makes it one, the bus between the servers,
//! and the formats of their messages.

mod adapter;
pub mod bus;
pub mod requests;
mod streams;
pub mod wire;
// A solution uses the name `cluster::` as an answer does, so that the two are
// interchangeable.
extern crate self as cluster;

#[doc(hidden)]
#[path = "../solutions/mod.rs"]
pub mod solutions;

pub use adapter::{ClusterAdapter, ClusterConfig, adapters};
pub use streams::{StreamsAdapter, streams_adapters};
