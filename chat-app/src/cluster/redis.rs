//! A cluster through Redis.
//!
//! Each server has a hash in Redis, its *table*, with a field for each of its seats. The
//! table expires unless its server renews it: when a server dies, its people are given up
//! with it, and nobody has to clean up. Tables are changed by one script, which first looks
//! into those of the other servers, so that two people cannot take one nickname. A script
//! is atomic: Redis runs one at a time.
//!
//! Every server has a copy of all tables in its [`Presence`]. Each change is published with
//! the table's number, which grows by one. Whoever misses one, for whatever reason, sees it
//! at the next number or at the next renewal, which returns the numbers of all tables, and
//! reads the whole table again.
//!
//! Without Redis a server goes on with what it knows: nicknames of its own people are
//! unique among all the people that it knows of, limits are its own. When Redis is back,
//! it reads the tables first and then offers its seats. A nickname that another server
//! gave away in the meantime belongs to the person whom Redis has; this server's person is
//! told to choose another. So of two servers that were both without Redis, the one that is
//! back first keeps its people's nicknames.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::redis::aio::{MultiplexedConnection, SendError};
use ::redis::{
    AsyncConnectionConfig, Client, PushInfo, PushKind, RedisError, RedisResult, Script,
    ScriptInvocation, Value, cmd, from_redis_value,
};
use futures_util::future::{BoxFuture, FutureExt};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::{Bucket, Claim, Cluster};
use crate::presence::{Presence, Seat, State};

/// How many changes of other servers can wait to be read. More are noticed by their
/// numbers.
const CHANGES: usize = 10_000;
/// The first and the longest wait before Redis is asked for a connection again.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// The settings of [`Redis`].
#[derive(Debug, Clone)]
pub struct RedisConfig {
    /// In front of each key and channel. The braces keep all of them on one node of a
    /// Redis Cluster. Default `{chat}:`.
    pub prefix: String,
    /// How long Redis has to answer. Default 2 s.
    pub timeout: Duration,
    /// How long a server's people are kept when it does not renew its lease. Default 15 s.
    pub lease: Duration,
}

impl Default for RedisConfig {
    fn default() -> Self {
        Self {
            prefix: "{chat}:".to_owned(),
            timeout: Duration::from_secs(2),
            lease: Duration::from_secs(15),
        }
    }
}

/// The other servers, as far as Redis knows them.
pub struct Redis {
    client: Client,
    config: RedisConfig,
    /// This server's name among the others: made up at each start.
    node: String,
    scripts: Scripts,
    state: Mutex<Known>,
    /// Held while a seat is claimed and taken, or while this server's seats are compared
    /// with its table: otherwise the one could undo the other.
    pub(crate) seating: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    /// `None` while Redis cannot be reached.
    connection: Option<MultiplexedConnection>,
    /// Why not.
    trouble: Option<String>,
    /// This server's seats, as its table has them: by room and key.
    table: BTreeMap<(Arc<str>, String), Seat>,
    /// The number of this server's table.
    number: i64,
    /// The numbers of the others' tables, as far as they were read.
    numbers: HashMap<String, i64>,
}

struct Scripts {
    set: Script,
    unset: Script,
    renew: Script,
    allow: Script,
}

impl Scripts {
    fn new() -> Self {
        Self {
            set: Script::new(SET),
            unset: Script::new(UNSET),
            renew: Script::new(RENEW),
            allow: Script::new(ALLOW),
        }
    }
}

// ANCHOR: set
/// Puts a seat into the table of a server. Returns the table's number, or 0 if another
/// person has the nickname on another server.
const SET: &str = r"
local prefix, node, lease = ARGV[1], ARGV[2], ARGV[3]
local room, key, old, person, seat = ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local field = room .. '\n' .. key
for _, other in ipairs(redis.call('ZRANGE', prefix .. 'nodes', 0, -1)) do
  if other ~= node then
    local theirs = redis.call('HGET', prefix .. 'table:' .. other, field)
    if theirs and string.sub(theirs, 1, #person) ~= person then return 0 end
  end
end
local table_ = prefix .. 'table:' .. node
if old ~= '' then redis.call('HDEL', table_, room .. '\n' .. old) end
redis.call('HSET', table_, field, seat)
local number = redis.call('HINCRBY', table_, '', 1)
redis.call('PEXPIRE', table_, lease)
local change = {node, number, room, key, old, seat}
redis.call('PUBLISH', prefix .. 'changes', table.concat(change, '\n'))
return number";
// ANCHOR_END: set

/// Takes a seat out of the table of a server. Returns the table's number.
const UNSET: &str = r"
local prefix, node, lease, room, key = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local table_ = prefix .. 'table:' .. node
redis.call('HDEL', table_, room .. '\n' .. key)
local number = redis.call('HINCRBY', table_, '', 1)
redis.call('PEXPIRE', table_, lease)
local change = {node, number, room, key, '', ''}
redis.call('PUBLISH', prefix .. 'changes', table.concat(change, '\n'))
return number";

/// Renews the lease of a server. Returns all servers that have one, each with the number
/// of its table.
const RENEW: &str = r"
local prefix, node, lease = ARGV[1], ARGV[2], ARGV[3]
local nodes, table_ = prefix .. 'nodes', prefix .. 'table:' .. node
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HINCRBY', table_, '', 0)
redis.call('PEXPIRE', table_, lease)
redis.call('ZADD', nodes, now, node)
redis.call('ZREMRANGEBYSCORE', nodes, '-inf', now - lease)
local all = {}
for _, other in ipairs(redis.call('ZRANGE', nodes, 0, -1)) do
  local number = redis.call('HGET', prefix .. 'table:' .. other, '')
  if number then
    table.insert(all, other)
    table.insert(all, tonumber(number))
  end
end
return all";

/// Takes a token from each bucket if each has one. Returns how many milliseconds to wait
/// otherwise, or 0.
///
/// A bucket is one number: the time at which it will be full again (the generic cell rate
/// algorithm). A token moves it by what it takes to make one, and it may not be more than
/// a minute away.
const ALLOW: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local full = {}
for i, key in ipairs(KEYS) do
  local before = tonumber(redis.call('GET', key)) or now
  full[i] = math.max(before, now) + 60000 / tonumber(ARGV[i])
  if full[i] - now > 60000.5 then return math.ceil(full[i] - now - 60000) end
end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, full[i], 'PX', math.ceil(full[i] - now) + 1)
end
return 0";

/// What a table has about a seat: the person, the state, and the name to be shown.
fn encode(seat: &Seat) -> String {
    let state = match seat.state {
        State::Kept => 0,
        State::Expected => 1,
        State::Connected => 2,
    };
    format!("{}\t{state}\t{}", seat.person, seat.shown)
}

fn decode(room: &str, key: &str, seat: &str) -> Option<Seat> {
    let mut parts = seat.splitn(3, '\t');
    let person = parts.next()?.into();
    let state = match parts.next()? {
        "0" => State::Kept,
        "1" => State::Expected,
        _ => State::Connected,
    };
    Some(Seat {
        room: room.into(),
        key: key.to_owned(),
        person,
        shown: parts.next()?.to_owned(),
        state,
    })
}

/// A change of a table, as it is published.
struct Changed<'a> {
    node: &'a str,
    number: i64,
    room: &'a str,
    key: &'a str,
    old: Option<&'a str>,
    seat: Option<Seat>,
}

impl<'a> Changed<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, '\n');
        let mut next = || parts.next();
        let (node, number, room, key, old, seat) =
            (next()?, next()?, next()?, next()?, next()?, next()?);
        Some(Self {
            node,
            number: number.parse().ok()?,
            room,
            key,
            old: Some(old).filter(|old| !old.is_empty()),
            seat: decode(room, key, seat),
        })
    }
}

impl Redis {
    /// A server of the cluster that meets at this Redis. Nothing is connected before
    /// [`Cluster::run`].
    ///
    /// # Errors
    /// The address is not one of Redis.
    pub fn open(url: &str, config: RedisConfig) -> Result<Self, RedisError> {
        // With version 3 of the protocol, messages come on the connection of the answers,
        // and in order with them.
        let separator = if url.contains('?') { '&' } else { '?' };
        let client = Client::open(format!("{url}{separator}protocol=resp3"))?;
        let random = std::hash::RandomState::new();
        let node = std::hash::BuildHasher::hash_one(&random, std::process::id());
        let state = Known {
            trouble: Some("not connected yet".to_owned()),
            ..Known::default()
        };
        Ok(Self {
            client,
            config,
            node: format!("{node:016x}"),
            scripts: Scripts::new(),
            state: Mutex::new(state),
            seating: tokio::sync::Mutex::default(),
        })
    }

    /// Connects, subscribes, and works until the connection is lost.
    async fn session(&self, presence: &Presence) -> RedisResult<()> {
        let (sender, mut changes) = mpsc::channel(CHANGES);
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.config.timeout))
            .set_response_timeout(Some(self.config.timeout))
            // A change that finds no place is noticed by its number.
            .set_push_sender(move |push| {
                let _ = sender.try_send(push);
                Ok::<(), SendError>(())
            });
        let client = &self.client;
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        connection
            .subscribe(format!("{}changes", self.config.prefix))
            .await?;

        // What others did comes before what we did: see the module's documentation.
        {
            let mut state = self.lock();
            state.numbers.clear();
            state.table.clear();
            state.number = -1;
        }
        let numbers = self.renew(&mut connection, presence).await?;
        self.compare(&mut connection, presence, numbers).await?;
        self.connected(&connection);

        let mut renewal = interval(self.config.lease / 5);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                push = changes.recv() => match push {
                    Some(push) => self.hear(&mut connection, presence, &push).await?,
                    None => return Err(lost()),
                },
                () = presence.unpublished() => {
                    self.publish(&mut connection, presence).await?;
                }
                _ = renewal.tick() => {
                    // What was published before the answer to the renewal is in the
                    // channel before it.
                    let numbers = self.renew(&mut connection, presence).await?;
                    while let Ok(push) = changes.try_recv() {
                        self.hear(&mut connection, presence, &push).await?;
                    }
                    self.compare(&mut connection, presence, numbers).await?;
                    self.connected(&connection);
                }
            }
        }
    }

    /// Renews the lease, and returns the numbers of the other servers' tables.
    async fn renew(
        &self,
        connection: &mut MultiplexedConnection,
        presence: &Presence,
    ) -> RedisResult<HashMap<String, i64>> {
        // No seat of ours is on its way meanwhile.
        let _seating = self.seating.lock().await;
        let mut renew = self.scripts.renew.prepare_invoke();
        renew.arg(&self.config.prefix).arg(&self.node);
        renew.arg(millis(self.config.lease));
        let all: Vec<Value> = renew.invoke_async(connection).await?;
        let mut numbers = HashMap::new();
        for pair in all.chunks_exact(2) {
            let node: String = from_redis_value(pair[0].clone())?;
            numbers.insert(node, from_redis_value(pair[1].clone())?);
        }
        let own = numbers.remove(&self.node).unwrap_or_default();
        let mut state = self.lock();
        if own != state.number {
            // The table has expired, or this is another Redis.
            state.table.clear();
            state.number = own;
            presence.publish_all();
        }
        Ok(numbers)
    }

    /// Reads the tables that have changed unheard, and forgets the servers that are gone.
    async fn compare(
        &self,
        connection: &mut MultiplexedConnection,
        presence: &Presence,
        numbers: HashMap<String, i64>,
    ) -> RedisResult<()> {
        for node in presence.nodes() {
            if !numbers.contains_key(&*node) {
                presence.replace(&node, Vec::new());
            }
        }
        let there = |node: &String, _: &mut i64| numbers.contains_key(node);
        self.lock().numbers.retain(there);
        for (node, number) in &numbers {
            if self.lock().numbers.get(node) != Some(number) {
                self.read(connection, presence, node).await?;
            }
        }
        Ok(())
    }

    /// Reads the whole table of a server.
    async fn read(
        &self,
        connection: &mut MultiplexedConnection,
        presence: &Presence,
        node: &str,
    ) -> RedisResult<()> {
        let table = format!("{}table:{node}", self.config.prefix);
        let fields: HashMap<String, String> =
            cmd("HGETALL").arg(table).query_async(connection).await?;
        let number = fields.get("").and_then(|number| number.parse().ok());
        self.lock()
            .numbers
            .insert(node.to_owned(), number.unwrap_or_default());
        let seats = fields.iter().filter_map(|(field, seat)| {
            let (room, key) = field.split_once('\n')?;
            decode(room, key, seat)
        });
        presence.replace(node, seats.collect());
        Ok(())
    }

    /// A message of Redis: a change of a server's table.
    async fn hear(
        &self,
        connection: &mut MultiplexedConnection,
        presence: &Presence,
        push: &PushInfo,
    ) -> RedisResult<()> {
        match push.kind {
            PushKind::Message => {}
            PushKind::Disconnection => return Err(lost()),
            _ => return Ok(()),
        }
        let Some(Ok(text)) = push.data.get(1).cloned().map(from_redis_value::<String>)
        else {
            return Ok(());
        };
        let Some(changed) = Changed::parse(&text) else {
            return Ok(());
        };
        if changed.node == self.node {
            return Ok(());
        }
        let known = self.lock().numbers.get(changed.node).copied();
        match known {
            Some(known) if changed.number <= known => {}
            Some(known) if changed.number == known + 1 => {
                self.lock()
                    .numbers
                    .insert(changed.node.to_owned(), changed.number);
                let room = changed.room.into();
                presence.apply(
                    changed.node,
                    &room,
                    changed.key,
                    changed.old,
                    changed.seat,
                );
            }
            _ => self.read(connection, presence, changed.node).await?,
        }
        Ok(())
    }

    /// Brings this server's table up to date with its people.
    async fn publish(
        &self,
        connection: &mut MultiplexedConnection,
        presence: &Presence,
    ) -> RedisResult<()> {
        let _seating = self.seating.lock().await;
        for room in presence.take_unpublished() {
            let seats = presence.seats(&room);
            let (stale, new) = {
                let state = self.lock();
                let there: BTreeSet<&str> =
                    seats.iter().map(|it| it.key.as_str()).collect();
                let of_room = state.table.iter().filter(|((of, _), _)| *of == room);
                let stale = of_room.filter(|((_, key), _)| !there.contains(key.as_str()));
                let stale: Vec<String> = stale.map(|((_, key), _)| key.clone()).collect();
                let new = seats.into_iter().filter(|seat| {
                    let at = (seat.room.clone(), seat.key.clone());
                    state.table.get(&at) != Some(seat)
                });
                (stale, new.collect::<Vec<_>>())
            };
            for key in stale {
                let mut unset = self.scripts.unset.prepare_invoke();
                unset.arg(&self.config.prefix).arg(&self.node);
                unset.arg(millis(self.config.lease)).arg(&*room).arg(&key);
                let number = unset.invoke_async(connection).await?;
                let mut state = self.lock();
                state.number = number;
                state.table.remove(&(room.clone(), key));
            }
            for seat in new {
                if !self.set(connection, &seat, None).await? {
                    presence.evict(&seat.room, &seat.key);
                }
            }
        }
        Ok(())
    }

    /// Puts a seat into this server's table. False if the nickname is another person's.
    async fn set(
        &self,
        connection: &mut MultiplexedConnection,
        seat: &Seat,
        old: Option<&str>,
    ) -> RedisResult<bool> {
        let old = old.filter(|old| *old != seat.key);
        let mut set: ScriptInvocation<'_> = self.scripts.set.prepare_invoke();
        set.arg(&self.config.prefix).arg(&self.node);
        set.arg(millis(self.config.lease));
        set.arg(&*seat.room).arg(&seat.key).arg(old.unwrap_or(""));
        set.arg(&*seat.person).arg(encode(seat));
        let number: i64 = set.invoke_async(connection).await?;
        if number == 0 {
            return Ok(false);
        }
        let mut state = self.lock();
        state.number = number;
        let at = |key: &str| (seat.room.clone(), key.to_owned());
        if let Some(old) = old {
            state.table.remove(&at(old));
        }
        state.table.insert(at(&seat.key), seat.clone());
        Ok(true)
    }

    /// The connection, if there is one.
    fn connection(&self) -> Option<MultiplexedConnection> {
        self.lock().connection.clone()
    }

    /// The connection works, perhaps again.
    fn connected(&self, connection: &MultiplexedConnection) {
        let mut state = self.lock();
        if state.connection.is_none() {
            state.connection = Some(connection.clone());
            state.trouble = None;
            metrics::gauge!("chat_redis_up").set(1.0);
            tracing::info!("connected to Redis");
        }
    }

    /// The connection is lost: said once, until it is back.
    fn lost(&self, error: &RedisError) {
        let mut state = self.lock();
        let before = state.connection.take().is_some();
        let first = state.trouble.as_deref() == Some("not connected yet");
        state.trouble = Some(error.to_string());
        drop(state);
        metrics::gauge!("chat_redis_up").set(0.0);
        if before || first {
            tracing::error!(
                %error,
                "Redis cannot be reached: this server goes on with what it knows"
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cluster for Redis {
    fn is_shared(&self) -> bool {
        true
    }

    fn seating(&self) -> BoxFuture<'_, Option<tokio::sync::MutexGuard<'_, ()>>> {
        async { Some(self.seating.lock().await) }.boxed()
    }

    fn claim<'a>(&'a self, seat: &'a Seat, old: Option<&'a str>) -> BoxFuture<'a, Claim> {
        async move {
            let Some(mut connection) = self.connection() else {
                return Claim::Unknown;
            };
            match self.set(&mut connection, seat, old).await {
                Ok(true) => Claim::Granted,
                Ok(false) => Claim::InUse,
                Err(error) => {
                    self.lost(&error);
                    Claim::Unknown
                }
            }
        }
        .boxed()
    }

    fn allow<'a>(
        &'a self,
        buckets: &'a [Bucket],
    ) -> BoxFuture<'a, Option<Result<(), Duration>>> {
        async move {
            let mut connection = self.connection()?;
            let mut allow = self.scripts.allow.prepare_invoke();
            for bucket in buckets {
                allow.key(format!("{}bucket:{}", self.config.prefix, bucket.key));
                allow.arg(bucket.per_minute);
            }
            match allow.invoke_async(&mut connection).await {
                Ok(0) => Some(Ok(())),
                Ok(wait) => Some(Err(Duration::from_millis(wait))),
                Err(error) => {
                    self.lost(&error);
                    None
                }
            }
        }
        .boxed()
    }

    fn trouble(&self) -> Option<String> {
        let state = self.lock();
        let trouble = state.trouble.as_ref()?;
        Some(format!("Redis cannot be reached: {trouble}"))
    }

    fn run<'a>(&'a self, presence: &'a Presence) -> BoxFuture<'a, ()> {
        async move {
            let mut wait = RETRY.0;
            loop {
                let ended = self.session(presence).await;
                if self.connection().is_some() {
                    wait = RETRY.0;
                }
                if let Err(error) = ended {
                    self.lost(&error);
                }
                sleep(wait).await;
                wait = (wait * 2).min(RETRY.1);
            }
        }
        .boxed()
    }
}

fn lost() -> RedisError {
    std::io::Error::new(
        std::io::ErrorKind::ConnectionReset,
        "the connection was lost",
    )
    .into()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
