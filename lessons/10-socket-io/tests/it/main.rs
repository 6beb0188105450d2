//! The lesson's tests, in one program: to link is most of what another one would cost.

mod adapter;
mod client;
mod compression;
mod cost;
mod events;
mod handlers;
mod hostile;
#[path = "support/hub.rs"]
mod hub;
mod in_memory;
mod lookup;
mod metrics;
mod namespaces;
mod recovery;
mod support;
#[cfg(feature = "tower")]
mod tower;
