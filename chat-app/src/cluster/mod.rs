//! What several servers of one chat have in common, beside the database: who has which
//! nickname, and how much a person may still do.
//!
//! Each server tells its own people who is in a room, from its own [`Presence`]. That has
//! the people of the other servers in it, because a [`Cluster`] brings them there, and
//! carries this server's people to the others. What cannot be decided by one server alone
//! is asked before: [`Cluster::claim`] and [`Cluster::allow`].
//!
//! A chat on one server has [`Alone`], which decides nothing.

#[cfg(feature = "cluster")]
mod redis;

use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "cluster")]
use ::cluster::bus::{RedisBus, RedisConfig as BusConfig};
#[cfg(feature = "cluster")]
use ::cluster::wire::redis_adapter::RedisAdapter;
#[cfg(feature = "cluster")]
use ::cluster::{ClusterConfig, adapters};
use futures_util::future::{BoxFuture, FutureExt, ready};
use socket_io::Adapters;
use tokio::sync::MutexGuard;

#[cfg(feature = "cluster")]
pub use self::redis::{Redis, RedisConfig};
use crate::presence::{Presence, Seat};

/// What the other servers say of a nickname.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It is this person's.
    Granted,
    /// Another person has it.
    InUse,
    /// They cannot be asked at the moment. Each server then decides for its own people.
    Unknown,
}

/// A token bucket that all servers share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Whose it is, and of what.
    pub key: String,
    /// How many tokens it holds: as many come back in a minute.
    pub per_minute: u32,
}

/// The other servers of the chat.
pub trait Cluster: Send + Sync + 'static {
    /// Whether there can be others at all.
    fn is_shared(&self) -> bool;

    /// Held by a caller from before [`Cluster::claim`] until its [`Presence`] has the seat.
    fn seating(&self) -> BoxFuture<'_, Option<MutexGuard<'_, ()>>> {
        ready(None).boxed()
    }

    /// Asks for a nickname, for a person who had `old` before in the same room.
    fn claim<'a>(&'a self, seat: &'a Seat, old: Option<&'a str>) -> BoxFuture<'a, Claim>;

    /// Takes a token from each of the buckets, or from none. Returns how long to wait if
    /// there is none, and `None` if the buckets cannot be reached.
    fn allow<'a>(
        &'a self,
        buckets: &'a [Bucket],
    ) -> BoxFuture<'a, Option<Result<(), Duration>>>;

    /// Why the other servers cannot be reached, if they cannot.
    fn trouble(&self) -> Option<String>;

    /// Keeps `presence` up to date with the other servers, and them with it, until it is
    /// dropped.
    fn run<'a>(&'a self, presence: &'a Presence) -> BoxFuture<'a, ()>;
}

/// How a server meets the others.
#[derive(Clone)]
pub struct Meeting {
    /// Nicknames and limits.
    pub cluster: Arc<dyn Cluster>,
    /// Events.
    pub adapters: Adapters,
}

impl Default for Meeting {
    /// One server.
    fn default() -> Self {
        Self {
            cluster: Arc::new(Alone),
            adapters: Adapters::default(),
        }
    }
}

#[cfg(feature = "cluster")]
impl Meeting {
    /// Meets the others at a Redis. Call it in a tokio runtime.
    ///
    /// # Errors
    /// The address is not one of Redis.
    pub fn at(url: &str, config: RedisConfig) -> Result<Self, ::redis::RedisError> {
        let (ours, theirs) = (ClusterConfig::default(), BusConfig::default());
        let cluster = Redis::open(url, config)?;
        // It has the same address and would refuse it for the same reason.
        let bus = RedisBus::open(url, theirs).map_err(|error| {
            std::io::Error::new(std::io::ErrorKind::InvalidInput, error.to_string())
        })?;
        Ok(Self {
            cluster: Arc::new(cluster),
            adapters: adapters(bus, RedisAdapter::default(), ours),
        })
    }
}

/// One server.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl Cluster for Alone {
    fn is_shared(&self) -> bool {
        false
    }

    fn claim<'a>(&'a self, _: &'a Seat, _: Option<&'a str>) -> BoxFuture<'a, Claim> {
        ready(Claim::Unknown).boxed()
    }

    fn allow<'a>(
        &'a self,
        _: &'a [Bucket],
    ) -> BoxFuture<'a, Option<Result<(), Duration>>> {
        ready(None).boxed()
    }

    fn trouble(&self) -> Option<String> {
        None
    }

    fn run<'a>(&'a self, _: &'a Presence) -> BoxFuture<'a, ()> {
        ready(()).boxed()
    }
}
