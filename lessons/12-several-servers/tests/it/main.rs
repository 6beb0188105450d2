//! The lesson's tests in one program, because linking is most of what a program costs.

mod cluster;
#[cfg(feature = "redis")]
mod redis;
mod redis_adapter;
#[cfg(feature = "redis")]
mod redis_streams;
#[path = "support/scenario.rs"]
mod scenario;
mod sharded;
mod streams;
#[cfg(feature = "redis")]
mod support;
