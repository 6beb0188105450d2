//! The lesson's tests, in one program: to link is most of what another one would cost.

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
