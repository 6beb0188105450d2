//! The bus: the channels through which the servers of a cluster talk to each other.
//!
//! A bus knows channels and payloads, and nothing of sockets and rooms. It promises
//! little: a subscriber that is there and keeps up receives each payload once, in the
//! order of each publisher. A message that is published while a subscriber is
//! away is lost to it.

mod log;
mod memory;
mod memory_log;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "redis")]
mod redis_streams;
mod subscription;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use thiserror::Error;

#[cfg(feature = "redis")]
pub use self::redis::{RedisBus, RedisConfig};
#[cfg(feature = "redis")]
pub use self::redis_streams::{RedisStreams, StreamConfig};
pub use log::{Entries, Entry, EntryId, Followed, Follower, InvalidEntryId, Log};
pub use memory::{Connection, Fate, MemoryBus, Passing};
pub use subscription::{
    Delivery, Inbox, MoreTopics, QueueLimits, Subscription, Topics, queue,
};

/// A server's connection to the others.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use cluster::bus::{Bus, Delivery, MemoryBus, Topic};
///
/// let bus = MemoryBus::new();
/// let (ann, bob) = (bus.connect("ann"), bus.connect("bob"));
/// let mut news = bob.subscribe(vec![Topic::Channel("news".into())]);
///
/// ann.publish("news", "the tea is ready".into())?;
/// let Some(Delivery::Message { payload, .. }) = news.recv().await else { panic!() };
/// assert_eq!(payload, "the tea is ready");
/// # Ok::<(), cluster::bus::BusError>(())
/// # }).unwrap();
/// ```
// ANCHOR: bus
pub trait Bus: Send + Sync + 'static {
    /// Sends a payload to every subscriber of a channel. It never waits: a payload that
    /// cannot be queued is refused. A payload that is accepted can still be lost.
    ///
    /// # Errors
    /// The bus is away, or its queue is full.
    fn publish(&self, channel: &str, payload: Bytes) -> Result<(), BusError>;

    /// Subscribes to channels until the subscription is dropped.
    fn subscribe(&self, topics: Vec<Topic>) -> Subscription;

    /// Returns how many subscribers have named the channel. Subscribers to a prefix do
    /// not count.
    fn subscribers(&self, channel: &str) -> BoxFuture<'_, Result<usize, BusError>>;
}
// ANCHOR_END: bus

/// So that an application can keep a handle to the bus that its adapters use.
impl<B: Bus> Bus for Arc<B> {
    fn publish(&self, channel: &str, payload: Bytes) -> Result<(), BusError> {
        (**self).publish(channel, payload)
    }

    fn subscribe(&self, topics: Vec<Topic>) -> Subscription {
        (**self).subscribe(topics)
    }

    fn subscribers(&self, channel: &str) -> BoxFuture<'_, Result<usize, BusError>> {
        (**self).subscribers(channel)
    }
}

/// The channels that a subscriber wants to hear.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// One channel.
    Channel(String),
    /// All channels that start like this.
    Prefix(String),
}

impl Topic {
    /// Returns whether a channel belongs to the topic.
    pub fn covers(&self, channel: &str) -> bool {
        match self {
            Self::Channel(name) => name == channel,
            Self::Prefix(prefix) => channel.starts_with(prefix.as_str()),
        }
    }
}

/// Why a bus did not accept something.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BusError {
    /// The connection to the bus is lost.
    #[error("the bus is away")]
    Away,
    /// The bus does not keep up.
    #[error("the queue to the bus is full")]
    Full,
    /// The bus said no, in its own words.
    #[error("the bus failed: {0}")]
    Failed(String),
}
