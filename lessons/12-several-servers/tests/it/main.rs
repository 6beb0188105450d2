//! The lesson's tests, in one program: to link is most of what another one would cost.

mod cluster;
#[cfg(feature = "redis")]
mod redis;
mod redis_adapter;
#[path = "support/scenario.rs"]
mod scenario;
mod sharded;
#[cfg(feature = "redis")]
mod support;
