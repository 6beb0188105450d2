//! A bus through Redis: its channels are Redis's, so that servers in other languages can
//! share it.
//!
//! One task owns the connection. It makes Redis's subscriptions the ones that are wanted,
//! publishes what is queued, and connects again whenever the connection is lost. Redis's
//! publish and subscribe keeps nothing: what is published while this server is away is
//! lost to it, as [`Bus`] says.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, PushInfo, PushKind, RedisError, RedisResult, Value,
    cmd, pipe,
};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use super::subscription::queue;
use super::{Bus, BusError, Inbox, QueueLimits, Subscription, Topic, Topics};

/// The settings of a [`RedisBus`].
#[derive(Clone, Debug)]
pub struct RedisConfig {
    /// How long Redis has to answer. Default 5 s.
    pub timeout: Duration,
    /// How often a connection on which nothing else happens is checked. Default 5 s.
    pub ping_interval: Duration,
    /// The first wait before connecting again, which doubles up to 64 times this one.
    /// Default 50 ms.
    pub retry: Duration,
    /// Messages that wait to be published. Default 16,384.
    pub max_queue: usize,
    /// Bytes of these messages. Default 64 MiB.
    pub max_queue_bytes: usize,
    /// The messages and bytes that each subscriber can leave unread.
    pub subscribers: QueueLimits,
    /// Use the sharded publish and subscribe of Redis 7, without
    /// [prefixes](Topic::Prefix). Default no.
    pub sharded: bool,
}

impl Default for RedisConfig {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(5),
            ping_interval: Duration::from_secs(5),
            retry: Duration::from_millis(50),
            max_queue: 16_384,
            max_queue_bytes: 64 << 20,
            subscribers: QueueLimits::default(),
            sharded: false,
        }
    }
}

/// A server's connection to Redis.
///
/// ```no_run
/// # async fn example() -> Result<(), cluster::bus::BusError> {
/// use cluster::bus::{RedisBus, RedisConfig};
/// use cluster::wire::redis_adapter::RedisAdapter;
/// use cluster::{ClusterConfig, adapters};
/// use socket_io::{Config, Io};
///
/// let bus = RedisBus::open("redis://127.0.0.1:6379", RedisConfig::default())?;
/// let adapters = adapters(bus, RedisAdapter::default(), ClusterConfig::default());
/// let io = Io::new(Config { adapters, ..Config::default() });
/// # Ok(())
/// # }
/// ```
pub struct RedisBus {
    shared: Arc<Shared>,
    outgoing: mpsc::Sender<Outgoing>,
    task: AbortHandle,
}

struct Outgoing {
    channel: String,
    payload: Bytes,
}

struct Shared {
    config: RedisConfig,
    state: Mutex<State>,
    /// The wanted subscriptions have changed.
    changed: Notify,
    connected: watch::Sender<bool>,
    /// Up to which change Redis has the wanted subscriptions.
    in_place: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    next: u64,
    /// How often the wanted subscriptions have changed.
    changes: u64,
    wanted: HashMap<Topic, Vec<(u64, Inbox)>>,
    connection: Option<MultiplexedConnection>,
    queued_bytes: usize,
}

impl RedisBus {
    /// Connects in the background, and again whenever the connection is lost.
    ///
    /// # Errors
    /// The address is not one of Redis.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn open(url: &str, config: RedisConfig) -> Result<Self, BusError> {
        // Version 3 of the protocol has messages and answers on one connection.
        let separator = if url.contains('?') { '&' } else { '?' };
        let url = format!("{url}{separator}protocol=resp3");
        let client = Client::open(url).map_err(failed)?;
        let (outgoing, queue) = mpsc::channel(config.max_queue.max(1));
        let shared = Arc::new(Shared {
            config,
            state: Mutex::default(),
            changed: Notify::new(),
            connected: watch::Sender::new(false),
            in_place: watch::Sender::new(0),
        });
        let task = tokio::spawn(run(client, shared.clone(), queue)).abort_handle();
        Ok(Self {
            shared,
            outgoing,
            task,
        })
    }

    /// Waits until there is a connection and the subscriptions are in place.
    ///
    /// # Errors
    /// It takes longer than `patience`.
    pub async fn ready(&self, patience: Duration) -> Result<(), BusError> {
        let ready = async {
            // An error would say that the sender is gone, which `self` owns.
            let _ = self.shared.connected.subscribe().wait_for(|up| *up).await;
            self.shared.settled().await;
        };
        timeout(patience, ready).await.map_err(|_| BusError::Away)
    }

    /// Returns whether there is a connection.
    pub fn is_connected(&self) -> bool {
        *self.shared.connected.borrow()
    }

    /// Returns a receiver that holds whether there is a connection, for a page that shows it.
    pub fn connected(&self) -> watch::Receiver<bool> {
        self.shared.connected.subscribe()
    }
}

impl Drop for RedisBus {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for RedisBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBus")
            .field("connected", &self.is_connected())
            .finish_non_exhaustive()
    }
}

impl Bus for RedisBus {
    fn publish(&self, channel: &str, payload: Bytes) -> Result<(), BusError> {
        if !self.is_connected() {
            return Err(BusError::Away);
        }
        let channel = channel.to_owned();
        let outgoing = Outgoing { channel, payload };
        let (size, most) = (outgoing.size(), self.shared.config.max_queue_bytes);
        // Sent under the lock, so that two publishers cannot both take the last bytes.
        let mut state = self.shared.lock();
        if state.queued_bytes.saturating_add(size) > most
            || self.outgoing.try_send(outgoing).is_err()
        {
            return Err(BusError::Full);
        }
        state.queued_bytes += size;
        Ok(())
    }

    fn subscribe(&self, topics: Vec<Topic>) -> Subscription {
        let mut state = self.shared.lock();
        let number = state.next;
        state.next += 1;
        let guard = Unsubscribe {
            number,
            topics: Mutex::new(topics.clone()),
            shared: Arc::downgrade(&self.shared),
        };
        let connected = self.shared.connected.subscribe();
        let limits = self.shared.config.subscribers;
        let (inbox, subscription) = queue(limits, connected, guard);
        for topic in topics {
            let subscribers = state.wanted.entry(topic).or_default();
            subscribers.push((number, inbox.clone()));
        }
        state.changes += 1;
        drop(state);
        self.shared.changed.notify_one();
        subscription
    }

    fn subscribers(&self, channel: &str) -> BoxFuture<'_, Result<usize, BusError>> {
        let channel = channel.to_owned();
        async move {
            let connection = self.shared.lock().connection.clone();
            let mut connection = connection.ok_or(BusError::Away)?;
            // A server that has just subscribed is to count itself.
            let settled = timeout(self.shared.config.timeout, self.shared.settled());
            settled.await.map_err(|_| BusError::Away)?;
            let [_, _, count] = self.shared.names();
            let mut command = cmd("PUBSUB");
            command.arg(count).arg(&channel);
            let counts: Vec<(String, usize)> =
                command.query_async(&mut connection).await.map_err(failed)?;
            Ok(counts.first().map_or(0, |(_, count)| *count))
        }
        .boxed()
    }
}

struct Unsubscribe {
    number: u64,
    topics: Mutex<Vec<Topic>>,
    shared: Weak<Shared>,
}

impl Unsubscribe {
    fn topics(&self) -> MutexGuard<'_, Vec<Topic>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Topics for Unsubscribe {
    fn change(&self, topic: &Topic, wanted: bool) {
        let Some(shared) = self.shared.upgrade() else {
            return;
        };
        let (mut state, mut topics) = (shared.lock(), self.topics());
        // The bus has the inbox, because the queue ends with its last one.
        let first = topics.first().and_then(|first| state.wanted.get(first));
        let own = first.into_iter().flatten().find(|it| it.0 == self.number);
        let Some(inbox) = own.map(|(_, inbox)| inbox.clone()) else {
            return;
        };
        if topics.contains(topic) == wanted {
            return;
        }
        if wanted {
            let subscribers = state.wanted.entry(topic.clone()).or_default();
            subscribers.push((self.number, inbox));
            topics.push(topic.clone());
        } else {
            state.forget(topic, self.number);
            topics.retain(|other| other != topic);
        }
        state.changes += 1;
        drop(state);
        shared.changed.notify_one();
    }
}

impl State {
    fn forget(&mut self, topic: &Topic, number: u64) {
        if let Some(subscribers) = self.wanted.get_mut(topic) {
            subscribers.retain(|(other, _)| *other != number);
            if subscribers.is_empty() {
                self.wanted.remove(topic);
            }
        }
    }
}

impl Drop for Unsubscribe {
    fn drop(&mut self) {
        let Some(shared) = self.shared.upgrade() else {
            return;
        };
        let mut state = shared.lock();
        for topic in self.topics().iter() {
            state.forget(topic, self.number);
        }
        state.changes += 1;
        drop(state);
        shared.changed.notify_one();
    }
}

impl Outgoing {
    fn size(&self) -> usize {
        self.channel.len() + self.payload.len()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until Redis has the subscriptions that are wanted now.
    async fn settled(&self) {
        let wanted = self.lock().changes;
        let _ = self
            .in_place
            .subscribe()
            .wait_for(|done| *done >= wanted)
            .await;
    }

    /// What Redis calls publishing, subscribing and counting.
    fn names(&self) -> [&'static str; 3] {
        if self.config.sharded {
            ["SPUBLISH", "SSUBSCRIBE", "SHARDNUMSUB"]
        } else {
            ["PUBLISH", "SUBSCRIBE", "NUMSUB"]
        }
    }

    /// Redis sends something without being asked. The connection calls this, so it is
    /// quick.
    fn pushed(&self, push: PushInfo) {
        let mut data = push.data.into_iter();
        let topic = match push.kind {
            PushKind::Message | PushKind::SMessage => None,
            PushKind::PMessage => data.next().and_then(text),
            _ => return,
        };
        let (Some(channel), Some(Value::BulkString(payload))) =
            (data.next().and_then(text), data.next())
        else {
            return;
        };
        let topic = match topic {
            Some(pattern) => Topic::Prefix(prefix(&pattern)),
            None => Topic::Channel(channel.clone()),
        };
        let (channel, payload): (Arc<str>, _) = (channel.into(), Bytes::from(payload));
        let state = self.lock();
        for (_, inbox) in state.wanted.get(&topic).into_iter().flatten() {
            inbox.offer(channel.clone(), payload.clone());
        }
    }
}

/// The pattern of all channels that start like this. Some characters have a meaning
/// in a pattern, unless they follow a backslash.
fn pattern(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for char in prefix.chars() {
        if matches!(char, '*' | '?' | '[' | ']' | '\\') {
            pattern.push('\\');
        }
        pattern.push(char);
    }
    pattern.push('*');
    pattern
}

/// The prefix that a pattern was made of.
fn prefix(pattern: &str) -> String {
    let mut prefix = String::with_capacity(pattern.len());
    let mut escaped = false;
    for char in pattern.strip_suffix('*').unwrap_or(pattern).chars() {
        if char == '\\' && !escaped {
            escaped = true;
        } else {
            prefix.push(char);
            escaped = false;
        }
    }
    prefix
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}

pub(super) fn failed(error: RedisError) -> BusError {
    BusError::Failed(error.to_string())
}

// --- The task that owns the connection ---

/// How many messages are published in one go.
const BATCH: usize = 256;

async fn run(client: Client, shared: Arc<Shared>, mut queue: mpsc::Receiver<Outgoing>) {
    let mut failures = 0_u32;
    loop {
        let error = match connect(&client, &shared).await {
            Ok(connected) => {
                failures = 0;
                serve(connected, &shared, &mut queue).await
            }
            Err(error) => error,
        };
        let was_up = shared.connected.send_replace(false);
        shared.lock().connection = None;
        // Accepted before the connection was lost, and lost with it.
        let mut dropped = 0;
        while let Ok(outgoing) = queue.try_recv() {
            shared.lock().queued_bytes -= outgoing.size();
            dropped += 1;
        }
        if was_up || failures == 0 {
            tracing::warn!(%error, dropped, "Redis is away");
        }
        sleep(shared.config.retry * 2_u32.pow(failures.min(6))).await;
        failures = failures.saturating_add(1);
    }
}

/// A connection, and what says that it is lost: one for each, so that the end of an old
/// one is not taken for that of the next.
struct Connected {
    connection: MultiplexedConnection,
    lost: Arc<Notify>,
}

async fn connect(client: &Client, shared: &Arc<Shared>) -> RedisResult<Connected> {
    let lost = Arc::new(Notify::new());
    let (weak, ended) = (Arc::downgrade(shared), lost.clone());
    let pushed = move |push: PushInfo| {
        if push.kind == PushKind::Disconnection {
            ended.notify_one();
            return Ok(());
        }
        let shared = weak.upgrade().ok_or(())?;
        shared.pushed(push);
        Ok::<(), ()>(())
    };
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(shared.config.timeout))
        .set_response_timeout(Some(shared.config.timeout))
        .set_push_sender(pushed);
    let connection = client.get_multiplexed_async_connection_with_config(&config);
    Ok(Connected {
        connection: connection.await?,
        lost,
    })
}

/// Works until the connection is lost, and returns why.
async fn serve(
    connected: Connected,
    shared: &Shared,
    queue: &mut mpsc::Receiver<Outgoing>,
) -> RedisError {
    let Connected {
        mut connection,
        lost,
    } = connected;
    let mut subscribed = BTreeSet::new();
    let mut batch = Vec::new();
    let mut is_up = false;
    loop {
        if let Err(error) = subscribe(&mut connection, shared, &mut subscribed).await {
            return error;
        }
        if !is_up {
            is_up = true;
            shared.lock().connection = Some(connection.clone());
            shared.connected.send_replace(true);
            tracing::info!("Redis is connected");
        }
        let done = tokio::select! {
            () = lost.notified() => {
                return RedisError::from((redis::ErrorKind::Io, "the connection is lost"));
            }
            () = shared.changed.notified() => Ok(()),
            count = queue.recv_many(&mut batch, BATCH) => {
                if count == 0 {
                    // The bus has been dropped, and this task with it.
                    std::future::pending::<()>().await;
                }
                publish(&mut connection, shared, &mut batch).await
            }
            () = sleep(shared.config.ping_interval) => {
                cmd("PING").exec_async(&mut connection).await
            }
        };
        if let Err(error) = done {
            return error;
        }
    }
}

async fn publish(
    connection: &mut MultiplexedConnection,
    shared: &Shared,
    batch: &mut Vec<Outgoing>,
) -> RedisResult<()> {
    let [publish, ..] = shared.names();
    let mut pipeline = pipe();
    let mut bytes = 0;
    for outgoing in batch.drain(..) {
        bytes += outgoing.size();
        let payload = &outgoing.payload[..];
        pipeline
            .cmd(publish)
            .arg(outgoing.channel)
            .arg(payload)
            .ignore();
    }
    shared.lock().queued_bytes -= bytes;
    pipeline.exec_async(connection).await
}

/// Makes Redis's subscriptions the ones that are wanted.
async fn subscribe(
    connection: &mut MultiplexedConnection,
    shared: &Shared,
    subscribed: &mut BTreeSet<(bool, String)>,
) -> RedisResult<()> {
    let (changes, wanted) = {
        let state = shared.lock();
        let names = state.wanted.keys().map(|topic| match topic {
            Topic::Channel(name) => (false, name.clone()),
            Topic::Prefix(name) => (true, pattern(name)),
        });
        (state.changes, names.collect::<BTreeSet<_>>())
    };
    let [_, subscribe, _] = shared.names();
    let command = |is_pattern| if is_pattern { "PSUBSCRIBE" } else { subscribe };
    for (is_pattern, name) in wanted.difference(subscribed) {
        let mut command = cmd(command(*is_pattern));
        command.arg(name).exec_async(connection).await?;
    }
    for (is_pattern, name) in subscribed.difference(&wanted) {
        let command = command(*is_pattern).replace("SUBSCRIBE", "UNSUBSCRIBE");
        cmd(&command).arg(name).exec_async(connection).await?;
    }
    *subscribed = wanted;
    shared.in_place.send_replace(changes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_found_in_its_pattern() {
        for name in ["socket.io#/chat#", "a*b?[c]\\", ""] {
            assert_eq!(prefix(&pattern(name)), name);
        }
        assert_eq!(pattern("a*"), "a\\**");
    }
}
