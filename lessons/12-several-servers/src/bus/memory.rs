//! A bus inside one process: for tests, and for the tour, which shows each message as it
//! passes. Its faults are those of a network, at the moment that you choose.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use tokio::sync::watch;
use tokio::time::Instant;

use super::memory_log::MemoryLog;
use super::subscription::queue;
use super::{Bus, BusError, Entry, Inbox, QueueLimits, Subscription, Topic, Topics};

/// A bus for servers that share a process. A clone is the same bus.
#[derive(Clone, Default)]
pub struct MemoryBus(Arc<Shared>);

#[derive(Default)]
pub(super) struct Shared {
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    next: u64,
    pub(super) log: MemoryLog,
    subscribers: BTreeMap<u64, Subscriber>,
    watcher: Option<Watcher>,
    limits: QueueLimits,
}

type Watcher = Arc<dyn Fn(&Passing) -> Fate + Send + Sync>;

struct Subscriber {
    line: Arc<Line>,
    topics: Vec<Topic>,
    inbox: Inbox,
}

/// The state of one connection.
pub(super) struct Line {
    name: Arc<str>,
    pub(super) up: watch::Sender<bool>,
    /// Entries for the log that wait until the connection is back.
    waiting: Mutex<Vec<Entry>>,
}

impl Line {
    pub(super) fn is_up(&self) -> bool {
        *self.up.borrow()
    }

    pub(super) fn waiting(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A message on its way through a [`MemoryBus`].
#[derive(Clone, Debug)]
pub struct Passing<'a> {
    /// The connection that published it.
    pub from: &'a str,
    /// The connections that will receive it, the publisher included if it subscribes.
    pub to: &'a [Arc<str>],
    /// The channel.
    pub channel: &'a str,
    /// The bytes that were published.
    pub payload: &'a Bytes,
}

/// The fate of a message on a [`MemoryBus`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives.
    Arrives,
    /// It is lost, and no subscriber learns about it.
    Lost,
    /// It arrives later; whatever is published to the same subscriber after it waits, too.
    Late(Duration),
}

impl MemoryBus {
    /// Returns a bus without subscribers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a bus whose subscribers can leave no more unread than this.
    pub fn with_limits(limits: QueueLimits) -> Self {
        let bus = Self::default();
        bus.0.lock().limits = limits;
        bus
    }

    /// Returns a server's connection to the bus. The name is for [`Passing`].
    pub fn connect(&self, name: &str) -> Connection {
        let (up, _) = watch::channel(true);
        Connection {
            bus: self.0.clone(),
            line: Arc::new(Line {
                name: name.into(),
                up,
                waiting: Mutex::default(),
            }),
        }
    }

    /// Drops the oldest entries of the log, down to this many. By default it has the latest
    /// 10,000.
    pub fn trim_log(&self, most: usize) {
        self.0.lock().log.trim(most);
    }

    /// Calls `watch` for each message that is published, and lets it decide what becomes
    /// of it. `watch` must not use the bus.
    pub fn watch(&self, watch: impl Fn(&Passing) -> Fate + Send + Sync + 'static) {
        self.0.lock().watcher = Some(Arc::new(watch));
    }
}

impl fmt::Debug for MemoryBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBus").finish_non_exhaustive()
    }
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One server's connection to a [`MemoryBus`]. A clone is the same connection.
#[derive(Clone)]
pub struct Connection {
    pub(super) bus: Arc<Shared>,
    pub(super) line: Arc<Line>,
}

impl Connection {
    /// Cuts the connection, as an unplugged cable does: the others no longer count this
    /// subscriber, and what they publish is lost to it.
    pub fn cut(&self) {
        self.line.up.send_replace(false);
    }

    /// Joins the connection again. The subscriptions are those of before, and the log gets
    /// what was waiting for it.
    pub fn mend(&self) {
        let mut state = self.bus.lock();
        for entry in self.line.waiting().drain(..) {
            state.log.append(entry);
        }
        self.line.up.send_replace(true);
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connection").field(&self.line.name).finish()
    }
}

impl Bus for Connection {
    fn publish(&self, channel: &str, payload: Bytes) -> Result<(), BusError> {
        if !self.line.is_up() {
            return Err(BusError::Away);
        }
        // Held to the end, so that all subscribers see two messages in the same order.
        let state = self.bus.lock();
        let receivers: Vec<_> = state
            .subscribers
            .values()
            .filter(|it| it.line.is_up())
            .filter(|it| it.topics.iter().any(|topic| topic.covers(channel)))
            .collect();
        let fate = match &state.watcher {
            Some(watch) => {
                let names: Vec<_> =
                    receivers.iter().map(|it| it.line.name.clone()).collect();
                watch(&Passing {
                    from: &self.line.name,
                    to: &names,
                    channel,
                    payload: &payload,
                })
            }
            None => Fate::Arrives,
        };
        let due = match fate {
            Fate::Arrives => None,
            Fate::Lost => return Ok(()),
            Fate::Late(delay) => Some(Instant::now() + delay),
        };
        let channel: Arc<str> = channel.into();
        for receiver in receivers {
            receiver
                .inbox
                .offer_at(channel.clone(), payload.clone(), due);
        }
        Ok(())
    }

    fn subscribe(&self, topics: Vec<Topic>) -> Subscription {
        let mut state = self.bus.lock();
        let number = state.next;
        state.next += 1;
        let guard = Unsubscribe(number, Arc::downgrade(&self.bus));
        let connected = self.line.up.subscribe();
        let (inbox, subscription) = queue(state.limits, connected, guard);
        let line = self.line.clone();
        let subscriber = Subscriber {
            line,
            topics,
            inbox,
        };
        state.subscribers.insert(number, subscriber);
        subscription
    }

    fn subscribers(&self, channel: &str) -> BoxFuture<'_, Result<usize, BusError>> {
        let named =
            |topic: &Topic| matches!(topic, Topic::Channel(name) if name == channel);
        let count = if self.line.is_up() {
            let state = self.bus.lock();
            let named = |it: &&Subscriber| it.line.is_up() && it.topics.iter().any(named);
            Ok(state.subscribers.values().filter(named).count())
        } else {
            Err(BusError::Away)
        };
        ready(count).boxed()
    }
}

struct Unsubscribe(u64, Weak<Shared>);

impl Topics for Unsubscribe {
    fn change(&self, topic: &Topic, wanted: bool) {
        let Some(bus) = self.1.upgrade() else { return };
        if let Some(subscriber) = bus.lock().subscribers.get_mut(&self.0) {
            subscriber.topics.retain(|other| other != topic);
            if wanted {
                subscriber.topics.push(topic.clone());
            }
        }
    }
}

impl Drop for Unsubscribe {
    fn drop(&mut self) {
        if let Some(bus) = self.1.upgrade() {
            bus.lock().subscribers.remove(&self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Delivery;
    use super::*;

    fn channel(name: &str) -> Vec<Topic> {
        vec![Topic::Channel(name.into())]
    }

    async fn next(subscription: &mut Subscription) -> String {
        match subscription.recv().await {
            Some(Delivery::Message { payload, .. }) => {
                String::from_utf8_lossy(&payload).into_owned()
            }
            other => format!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_message_reaches_the_subscribers_of_its_channel_and_prefix() {
        let bus = MemoryBus::new();
        let (ann, bob) = (bus.connect("ann"), bus.connect("bob"));
        let mut tea = bob.subscribe(channel("tea"));
        let mut all = ann.subscribe(vec![Topic::Prefix("te".into())]);
        ann.publish("cake", "cake".into()).unwrap();
        ann.publish("tea", "tea".into()).unwrap();
        ann.publish("teapot", "teapot".into()).unwrap();
        assert_eq!(next(&mut tea).await, "tea");
        assert_eq!(next(&mut all).await, "tea");
        assert_eq!(next(&mut all).await, "teapot");
    }

    #[tokio::test]
    async fn only_named_channels_are_counted() {
        let bus = MemoryBus::new();
        let (ann, bob) = (bus.connect("ann"), bus.connect("bob"));
        let first = ann.subscribe(channel("tea"));
        let _second = bob.subscribe(channel("tea"));
        let _prefix = bob.subscribe(vec![Topic::Prefix("tea".into())]);
        assert_eq!(ann.subscribers("tea").await, Ok(2));
        bob.cut();
        assert_eq!(ann.subscribers("tea").await, Ok(1));
        assert_eq!(bob.subscribers("tea").await, Err(BusError::Away));
        bob.mend();
        drop(first);
        assert_eq!(ann.subscribers("tea").await, Ok(1));
    }

    #[tokio::test]
    async fn what_is_published_while_a_subscriber_is_away_is_lost() {
        let bus = MemoryBus::new();
        let (ann, bob) = (bus.connect("ann"), bus.connect("bob"));
        let mut tea = bob.subscribe(channel("tea"));
        bob.cut();
        assert_eq!(bob.publish("tea", "from bob".into()), Err(BusError::Away));
        ann.publish("tea", "missed".into()).unwrap();
        assert_eq!(tea.recv().await, Some(Delivery::Away));
        bob.mend();
        assert_eq!(tea.recv().await, Some(Delivery::Back));
        ann.publish("tea", "heard".into()).unwrap();
        assert_eq!(next(&mut tea).await, "heard");
    }

    #[tokio::test(start_paused = true)]
    async fn a_watcher_decides_what_becomes_of_a_message() {
        let bus = MemoryBus::new();
        let ann = bus.connect("ann");
        let mut tea = ann.subscribe(channel("tea"));
        bus.watch(|passing| {
            assert_eq!((passing.from, passing.to), ("ann", &["ann".into()][..]));
            match &passing.payload[..] {
                b"lost" => Fate::Lost,
                b"late" => Fate::Late(Duration::from_secs(3)),
                _ => Fate::Arrives,
            }
        });
        let start = Instant::now();
        for text in ["lost", "late", "in time"] {
            ann.publish("tea", text.into()).unwrap();
        }
        assert_eq!(next(&mut tea).await, "late");
        assert_eq!(start.elapsed(), Duration::from_secs(3));
        assert_eq!(next(&mut tea).await, "in time");
    }
}
