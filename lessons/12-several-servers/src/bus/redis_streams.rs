//! A log in a stream of Redis, beside the channels of a [`RedisBus`].
//!
//! One task owns both connections of the log: one that waits for the next entries, and one
//! that writes. After a loss of either, the task connects again, reads on from the last
//! entry that every follower has, and writes what Redis has not confirmed. Whether an
//! unconfirmed entry arrived all the same is found in the stream itself, so none is
//! written twice.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ErrorKind, RedisError, RedisResult, Value, cmd, pipe,
};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use super::log::{Entries, Entry, EntryId, Followed, Follower, Log};
use super::redis::{RedisBus, RedisConfig, failed};
use super::{Bus, BusError, Subscription, Topic};

/// The settings of the log of a [`RedisStreams`].
#[derive(Clone, Debug)]
pub struct StreamConfig {
    /// The key of the stream. Default `socket.io`.
    pub stream: String,
    /// About how many entries Redis keeps: the oldest ones go. Default 10,000.
    pub max_len: usize,
}

impl Default for StreamConfig {
    fn default() -> Self {
        Self {
            stream: "socket.io".into(),
            max_len: 10_000,
        }
    }
}

/// A server's connection to Redis, with a log.
///
/// ```no_run
/// # async fn example() -> Result<(), cluster::bus::BusError> {
/// use cluster::bus::{RedisConfig, RedisStreams, StreamConfig};
/// use cluster::wire::streams::Streams;
/// use cluster::{ClusterConfig, streams_adapters};
/// use socket_io::{Config, Io, Recovery};
///
/// let url = "redis://127.0.0.1:6379";
/// let log = RedisStreams::open(url, RedisConfig::default(), StreamConfig::default())?;
/// let io = Io::new(Config {
///     adapters: streams_adapters(log, Streams::default(), ClusterConfig::default()),
///     recovery: Some(Recovery::default()),
///     ..Config::default()
/// });
/// # Ok(())
/// # }
/// ```
pub struct RedisStreams {
    bus: RedisBus,
    shared: Arc<Shared>,
    writes: mpsc::Sender<Write>,
    task: AbortHandle,
}

struct Shared {
    redis: RedisConfig,
    config: StreamConfig,
    state: Mutex<State>,
    connected: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    /// Every follower has been given, or is being given, the entries up to here.
    last: Option<EntryId>,
    followers: Vec<Arc<Reader>>,
    connection: Option<MultiplexedConnection>,
    queued_bytes: usize,
}

struct Reader {
    items: mpsc::Sender<Followed>,
    /// The last entry in `items`.
    last: Mutex<Option<EntryId>>,
}

enum Write {
    Append(Entry),
    Keep {
        key: String,
        value: Bytes,
        period: Duration,
    },
}

/// Items that a follower can leave unread before the log waits for it.
const UNREAD: usize = 1024;
/// Entries that are read in one go, as Node does.
const COUNT: usize = 100;
/// Entries and values that are written in one go.
const BATCH: usize = 256;

impl RedisStreams {
    /// Connects in the background, and again whenever the connection is lost.
    ///
    /// # Errors
    /// The address is not one of Redis.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn open(
        url: &str,
        redis: RedisConfig,
        config: StreamConfig,
    ) -> Result<Self, BusError> {
        let bus = RedisBus::open(url, redis.clone())?;
        let client = Client::open(url).map_err(failed)?;
        let (writes, queue) = mpsc::channel(redis.max_queue.max(1));
        let shared = Arc::new(Shared {
            redis,
            config,
            state: Mutex::default(),
            connected: watch::Sender::new(false),
        });
        let task = tokio::spawn(run(client, shared.clone(), queue)).abort_handle();
        Ok(Self {
            bus,
            shared,
            writes,
            task,
        })
    }

    /// Waits until there are connections for the channels and for the log.
    ///
    /// # Errors
    /// It takes longer than `patience`.
    pub async fn ready(&self, patience: Duration) -> Result<(), BusError> {
        let mut connected = self.shared.connected.subscribe();
        let ready = async {
            self.bus.ready(patience).await?;
            // An error would say that the sender is gone, which `self` owns.
            let _ = connected.wait_for(|up| *up).await;
            Ok(())
        };
        timeout(patience, ready)
            .await
            .unwrap_or(Err(BusError::Away))
    }

    /// Returns the part that publishes and subscribes.
    pub fn bus(&self) -> &RedisBus {
        &self.bus
    }

    fn write(&self, write: Write) -> Result<(), BusError> {
        let (size, most) = (write.size(), self.shared.redis.max_queue_bytes);
        // Sent under the lock, so that two writers cannot both take the last bytes.
        let mut state = self.shared.lock();
        if state.queued_bytes.saturating_add(size) > most
            || self.writes.try_send(write).is_err()
        {
            return Err(BusError::Full);
        }
        state.queued_bytes += size;
        Ok(())
    }

    fn connection(&self) -> Result<MultiplexedConnection, BusError> {
        self.shared.lock().connection.clone().ok_or(BusError::Away)
    }
}

impl Drop for RedisStreams {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for RedisStreams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStreams")
            .field("bus", &self.bus)
            .field("stream", &self.shared.config.stream)
            .finish_non_exhaustive()
    }
}

impl Bus for RedisStreams {
    fn publish(&self, channel: &str, payload: Bytes) -> Result<(), BusError> {
        self.bus.publish(channel, payload)
    }

    fn subscribe(&self, topics: Vec<Topic>) -> Subscription {
        self.bus.subscribe(topics)
    }

    fn subscribers(&self, channel: &str) -> BoxFuture<'_, Result<usize, BusError>> {
        self.bus.subscribers(channel)
    }
}

impl Log for RedisStreams {
    fn append(&self, entry: Entry) -> Result<(), BusError> {
        self.write(Write::Append(entry))
    }

    fn follow(&self) -> Follower {
        let (items, receiver) = mpsc::channel(UNREAD);
        let mut state = self.shared.lock();
        let last = state.last;
        if let Some(last) = last {
            // There is room for the first two.
            let _ = items.try_send(Followed::At(last));
            if !*self.shared.connected.borrow() {
                let _ = items.try_send(Followed::Away);
            }
        }
        let last = Mutex::new(last);
        state.followers.push(Arc::new(Reader { items, last }));
        drop(state);
        Follower::new(stream::unfold(receiver, |mut receiver| async {
            Some((receiver.recv().await?, receiver))
        }))
    }

    fn read(
        &self,
        from: EntryId,
        most: usize,
    ) -> BoxFuture<'_, Result<Entries, BusError>> {
        async move {
            let mut connection = self.connection()?;
            let stream = &self.shared.config.stream;
            let entries = range(&mut connection, stream, from, most).await;
            entries.map_err(failed)
        }
        .boxed()
    }

    fn keep(&self, key: &str, value: Bytes, period: Duration) -> Result<(), BusError> {
        let key = key.to_owned();
        self.write(Write::Keep { key, value, period })
    }

    fn take(&self, key: &str) -> BoxFuture<'_, Result<Option<Bytes>, BusError>> {
        let key = key.to_owned();
        async move {
            let mut connection = self.connection()?;
            // `GETDEL` would need Redis 6.2.
            let mut both = pipe();
            both.atomic()
                .cmd("GET")
                .arg(&key)
                .cmd("DEL")
                .arg(&key)
                .ignore();
            let (value,): (Option<Vec<u8>>,) =
                both.query_async(&mut connection).await.map_err(failed)?;
            Ok(value.map(Bytes::from))
        }
        .boxed()
    }
}

impl Write {
    fn size(&self) -> usize {
        match self {
            Self::Append(entry) => entry.size(),
            Self::Keep { key, value, .. } => key.len() + value.len(),
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn followers(&self) -> Vec<Arc<Reader>> {
        self.lock().followers.clone()
    }

    /// Gives every follower an item that is not an entry.
    async fn tell(&self, item: Followed) {
        for reader in self.followers() {
            // An error says that the follower is gone.
            let _ = reader.items.send(item.clone()).await;
        }
    }

    /// Gives every follower the next entry. Waits for those that do not keep up: the
    /// stream keeps what comes meanwhile. May be cancelled and called again.
    async fn deliver(&self, id: EntryId, entry: &Arc<Entry>) {
        let followers = {
            let mut state = self.lock();
            state.last = state.last.max(Some(id));
            state.followers.retain(|reader| !reader.items.is_closed());
            state.followers.clone()
        };
        for reader in followers {
            if reader.last() >= Some(id) {
                continue;
            }
            if let Ok(place) = reader.items.reserve().await {
                place.send(Followed::Entry(id, entry.clone()));
                reader.set_last(id);
            }
        }
    }
}

impl Reader {
    fn last(&self) -> Option<EntryId> {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_last(&self, id: EntryId) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(id);
    }
}

// --- The task that owns the connections ---

/// The state that outlives a connection.
#[derive(Default)]
struct Progress {
    /// Every follower has the entries up to here.
    read: Option<EntryId>,
    /// Our own entries up to here are in the stream.
    written: EntryId,
    /// What comes next, in order. Some of it may be in the stream.
    unconfirmed: Vec<Write>,
}

async fn run(client: Client, shared: Arc<Shared>, mut queue: mpsc::Receiver<Write>) {
    let mut failures = 0_u32;
    let mut progress = Progress::default();
    loop {
        let worked = async {
            let (mut reading, mut writing) = connect(&client, &shared).await?;
            catch_up(&mut writing, &shared, &mut progress).await?;
            failures = 0;
            let Progress {
                read,
                written,
                unconfirmed,
            } = &mut progress;
            tokio::select! {
                error = keep_reading(&mut reading, &shared, read) => error,
                error = keep_writing(&mut writing, &shared, written, unconfirmed, &mut queue) => error,
            }
        };
        let error: RedisError = match worked.await {
            Ok(never) => match never {},
            Err(error) => error,
        };
        shared.lock().connection = None;
        if shared.connected.send_replace(false) {
            tracing::warn!(%error, "the log in Redis is away");
            shared.tell(Followed::Away).await;
        }
        sleep(shared.redis.retry * 2_u32.pow(failures.min(6))).await;
        failures = failures.saturating_add(1);
    }
}

async fn connect(
    client: &Client,
    shared: &Shared,
) -> RedisResult<(MultiplexedConnection, MultiplexedConnection)> {
    let patience = shared.redis.timeout;
    let config = |answer| {
        AsyncConnectionConfig::new()
            .set_connection_timeout(Some(patience))
            .set_response_timeout(Some(answer))
    };
    let blocking = config(patience + shared.redis.ping_interval);
    let reading = client.get_multiplexed_async_connection_with_config(&blocking);
    let writing = config(patience);
    let writing = client.get_multiplexed_async_connection_with_config(&writing);
    tokio::try_join!(reading, writing)
}

/// Finds out where the log is, and which of our entries are in it.
async fn catch_up(
    writing: &mut MultiplexedConnection,
    shared: &Shared,
    progress: &mut Progress,
) -> RedisResult<()> {
    let stream = &shared.config.stream;
    let end = end(writing, stream).await?;
    let is_first = progress.read.is_none();
    let start = match progress.read {
        None => end,
        Some(read) if end < read => {
            tracing::warn!("the log in Redis is not the one of before");
            end
        }
        Some(read) => {
            let there = range(writing, stream, read, 1).await?;
            let is_there = there.first().is_some_and(|(id, _)| *id == read);
            if !is_there && read != EntryId::default() {
                tracing::warn!("the log in Redis may have lost entries meanwhile");
            }
            read
        }
    };
    if is_first || progress.read != Some(start) {
        shared.lock().last = Some(start);
        for reader in shared.followers() {
            let _ = reader.items.send(Followed::At(start)).await;
            reader.set_last(start);
        }
    }
    progress.read = Some(start);
    if is_first || end < progress.written {
        progress.written = end;
    }
    settle(writing, shared, progress).await?;
    shared.lock().connection = Some(writing.clone());
    shared.connected.send_replace(true);
    if !is_first {
        tracing::info!("the log in Redis is connected");
        shared.tell(Followed::Back).await;
    }
    Ok(())
}

/// Drops from `unconfirmed` what is in the stream: Redis has carried out a first part of
/// it, in order.
async fn settle(
    writing: &mut MultiplexedConnection,
    shared: &Shared,
    progress: &mut Progress,
) -> RedisResult<()> {
    let (mut from, most) = (progress.written.next(), 1000);
    while !progress.unconfirmed.is_empty() {
        let entries = range(writing, &shared.config.stream, from, most).await?;
        for (id, entry) in &entries {
            from = id.next();
            let first = progress.unconfirmed.iter().position(|write| {
                // A value can be written twice.
                matches!(write, Write::Append(_))
            });
            if let Some(first) = first
                && let Write::Append(ours) = &progress.unconfirmed[first]
                && *ours == **entry
            {
                progress.written = *id;
                confirm(shared, progress.unconfirmed.drain(..=first));
            }
        }
        if entries.len() < most {
            break;
        }
    }
    Ok(())
}

fn confirm(shared: &Shared, writes: impl Iterator<Item = Write>) {
    let size: usize = writes.map(|write| write.size()).sum();
    shared.lock().queued_bytes -= size;
}

async fn keep_reading(
    reading: &mut MultiplexedConnection,
    shared: &Shared,
    read: &mut Option<EntryId>,
) -> RedisResult<std::convert::Infallible> {
    loop {
        let after = read.unwrap_or_default();
        let answer: Value = cmd("XREAD")
            .arg("BLOCK")
            .arg(
                u64::try_from(shared.redis.ping_interval.as_millis())
                    .unwrap_or(5000)
                    .max(1),
            )
            .arg("COUNT")
            .arg(COUNT)
            .arg("STREAMS")
            .arg(&shared.config.stream)
            .arg(after.to_string())
            .query_async(reading)
            .await?;
        for (id, entry) in read_entries(answer)? {
            shared.deliver(id, &Arc::new(entry)).await;
            *read = Some(id);
        }
    }
}

async fn keep_writing(
    writing: &mut MultiplexedConnection,
    shared: &Shared,
    written: &mut EntryId,
    unconfirmed: &mut Vec<Write>,
    queue: &mut mpsc::Receiver<Write>,
) -> RedisResult<std::convert::Infallible> {
    loop {
        if unconfirmed.is_empty() && queue.recv_many(unconfirmed, BATCH).await == 0 {
            // The log has been dropped, and this task with it.
            std::future::pending::<()>().await;
        }
        let mut pipeline = pipe();
        for write in unconfirmed.iter() {
            match write {
                Write::Append(entry) => {
                    pipeline.cmd("XADD").arg(&shared.config.stream);
                    pipeline
                        .arg("MAXLEN")
                        .arg("~")
                        .arg(shared.config.max_len)
                        .arg("*");
                    for (field, value) in &entry.fields {
                        pipeline.arg(field).arg(&value[..]);
                    }
                }
                Write::Keep { key, value, period } => {
                    let millis = u64::try_from(period.as_millis()).unwrap_or(u64::MAX);
                    pipeline.cmd("SET").arg(key).arg(&value[..]);
                    pipeline.arg("PX").arg(millis.clamp(1, 1 << 50)).ignore();
                }
            }
        }
        let ids: Vec<String> = pipeline.query_async(writing).await?;
        if let Some(id) = ids.last() {
            *written = id.parse().map_err(|_| strange())?;
        }
        confirm(shared, unconfirmed.drain(..));
    }
}

/// The id of the last entry.
async fn end(
    connection: &mut MultiplexedConnection,
    stream: &str,
) -> RedisResult<EntryId> {
    let mut command = cmd("XREVRANGE");
    command.arg(stream).arg("+").arg("-").arg("COUNT").arg(1);
    let answer = command.query_async(connection).await?;
    let last = entries(answer)?.pop();
    Ok(last.map(|(id, _)| id).unwrap_or_default())
}

async fn range(
    connection: &mut MultiplexedConnection,
    stream: &str,
    from: EntryId,
    most: usize,
) -> RedisResult<Entries> {
    let mut command = cmd("XRANGE");
    command
        .arg(stream)
        .arg(from.to_string())
        .arg("+")
        .arg("COUNT")
        .arg(most);
    let answer = command.query_async(connection).await?;
    let entries = entries(answer)?.into_iter();
    Ok(entries.map(|(id, entry)| (id, Arc::new(entry))).collect())
}

// --- Redis's answers ---

fn strange() -> RedisError {
    RedisError::from((
        ErrorKind::UnexpectedReturnType,
        "not the answer of a stream",
    ))
}

/// `XREAD` answers with a list for each stream, and we name one.
fn read_entries(answer: Value) -> RedisResult<Vec<(EntryId, Entry)>> {
    match answer {
        Value::Nil => Ok(Vec::new()),
        Value::Array(streams) => match streams.into_iter().next() {
            Some(Value::Array(stream)) => {
                entries(stream.into_iter().nth(1).ok_or_else(strange)?)
            }
            _ => Err(strange()),
        },
        Value::Map(streams) => match streams.into_iter().next() {
            Some((_, stream)) => entries(stream),
            None => Err(strange()),
        },
        _ => Err(strange()),
    }
}

/// `[[id, [field, value, …]], …]`
fn entries(answer: Value) -> RedisResult<Vec<(EntryId, Entry)>> {
    let Value::Array(entries) = answer else {
        return Err(strange());
    };
    entries
        .into_iter()
        .map(|it| entry(it).ok_or_else(strange))
        .collect()
}

fn entry(answer: Value) -> Option<(EntryId, Entry)> {
    let Value::Array(parts) = answer else {
        return None;
    };
    let [id, Value::Array(fields)] = <[Value; 2]>::try_from(parts).ok()? else {
        return None;
    };
    let bytes = |value| match value {
        Value::BulkString(bytes) => Some(Bytes::from(bytes)),
        _ => None,
    };
    let id = str::from_utf8(&bytes(id)?).ok()?.parse().ok()?;
    let mut fields = fields.into_iter();
    let mut entry = Entry::default();
    while let Some(field) = fields.next() {
        // The name of a field can be any bytes. One that is not text is not one of ours.
        let field = String::from_utf8_lossy(&bytes(field)?).into_owned();
        entry.fields.push((field, bytes(fields.next()?)?));
    }
    Some((id, entry))
}
