//! The lesson's tests in one program, because linking is most of what a program costs.

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
