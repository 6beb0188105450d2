//! Rooms and messages in PostgreSQL, for a chat on several servers.
//!
//! One task does all the writing of messages, as with SQLite: it takes everything that
//! waits into one transaction, so that a hundred messages that arrive together cost one
//! commit. The statements of the transaction are *pipelined*: all of them are sent before
//! the first is answered, so a batch costs one round trip as well.
//!
//! Another server may do the same at the same moment. PostgreSQL takes numbers from a
//! sequence before it commits, so without a lock a message could appear *before* one with
//! a larger number that a reader has seen already, and the reader would never ask for it.
//! Each batch therefore locks the rows of its rooms first: in one room, numbers are given
//! in the order of the commits. Batches for different rooms do not wait for each other.
//!
//! Every second, each server asks which rooms have changed, for its list of rooms. That is
//! a query of a table of at most a thousand rows. `LISTEN` and `NOTIFY` would be quicker
//! by half a second, but a transaction that notifies holds a lock of the whole database
//! while it commits, and a listener whose connection was lost has to ask anyway.

use std::collections::{BTreeSet, HashMap};
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod,
    Runtime,
};
use futures_util::future::{BoxFuture, FutureExt, join5};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::Host;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Config, NoTls, Row};

use super::{
    Failing, HISTORY, HISTORY_BYTES, Keep, MAX_ROOMS, Maker, Message, Meta, OpenError,
    QUEUE_TIMEOUT, StoreError, Stored, queue,
};
use crate::directory::{Directory, Entry, Last};
use crate::names::Room;

/// The most messages in a transaction. As many can wait for the next.
const BATCH: usize = 1000;
/// How many connections there are beside the writer's.
const READERS: usize = 4;
/// How many requests can wait for one of them.
const READS: usize = 1000;
/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a transaction may take, with everything that it waits for. The server ends a
/// statement a little earlier, if it is there to do so.
const TIMEOUT: Duration = Duration::from_secs(12);
/// How many messages are deleted in one transaction.
const PRUNED_AT_ONCE: i64 = 500;
/// The keys of PostgreSQL's advisory locks, which mean what the program says they mean:
/// "CHAT" and a number.
const MIGRATING: i64 = 0x4348_4154_0001;
const MAKING_A_ROOM: i64 = 0x4348_4154_0002;

/// The settings of each connection. A database can be set up to report a commit before it
/// is on the disk; our promise is worth more than that.
const SESSION: &str = "
    SET statement_timeout = '10s';
    SET idle_in_transaction_session_timeout = '15s';
    SET default_transaction_isolation = 'read committed';
    SELECT set_config('synchronous_commit', 'on', false)
        WHERE current_setting('synchronous_commit') = 'off'";

/// The steps from each version of the tables to the next. While servers are replaced one
/// by one, the older ones go on with the newer tables: a step may only add.
const MIGRATIONS: [&str; 1] = [r#"
    CREATE TABLE rooms (
        slug    text COLLATE "C" PRIMARY KEY,
        name    text NOT NULL,
        made_by bigint,
        entered timestamptz NOT NULL DEFAULT now(),
        changed xid8 NOT NULL DEFAULT pg_current_xact_id()
    );
    CREATE TABLE messages (
        id       bigserial PRIMARY KEY,
        room     text COLLATE "C" NOT NULL REFERENCES rooms (slug),
        nickname text NOT NULL,
        text     text NOT NULL,
        at       bigint NOT NULL,
        key      text COLLATE "C"
    );
    CREATE INDEX messages_of_room ON messages (room, id);
    CREATE UNIQUE INDEX messages_once ON messages (room, key) WHERE key IS NOT NULL;
    CREATE INDEX messages_by_age ON messages (at)"#];

// ANCHOR: lock
/// In one order everywhere, so that no two batches can wait for each other.
const LOCK: &str =
    "SELECT slug FROM rooms WHERE slug = ANY ($1) ORDER BY slug FOR NO KEY UPDATE";
// ANCHOR_END: lock
/// Stores what waits, in its order. Returns for each its number and time, and whether it
/// was there before: with the rooms locked, no other server can add one meanwhile.
const ADD: &str = "
    WITH waiting AS (
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
            WITH ORDINALITY AS waiting (room, nickname, text, key, place)
    ), numbered AS MATERIALIZED (
        SELECT nextval('messages_id_seq') AS id, ordered.*
        FROM (SELECT waiting.* FROM waiting JOIN rooms ON slug = room
              ORDER BY place) AS ordered
    ), added AS (
        INSERT INTO messages (id, room, nickname, text, at, key)
        SELECT id, room, nickname, text,
               (extract(epoch FROM clock_timestamp()) * 1000)::bigint, key
        FROM numbered
        ON CONFLICT (room, key) WHERE key IS NOT NULL DO NOTHING
        RETURNING id, at
    )
    SELECT place, coalesce(added.id, older.id) AS id, coalesce(added.at, older.at) AS at,
           added.id IS NULL AS again
    FROM numbered LEFT JOIN added USING (id)
        LEFT JOIN messages AS older
            ON added.id IS NULL AND older.room = numbered.room
               AND older.key = numbered.key";
/// For the lists of rooms of all servers, and against the end of a silent room.
const TOUCH: &str = "UPDATE rooms SET changed = pg_current_xact_id(), entered = now()
    WHERE slug = ANY ($1)";

/// A room with its latest message.
const ENTRIES: &str = "
    SELECT slug, name, nickname, text, at FROM rooms LEFT JOIN LATERAL
        (SELECT nickname, text, at FROM messages WHERE room = slug
         ORDER BY id DESC LIMIT 1) AS latest ON true";

/// Why the server did not do what was asked.
#[derive(Debug, Clone)]
pub struct Failure {
    text: Arc<str>,
    reason: &'static str,
}

impl Failure {
    fn new(text: &str, reason: &'static str) -> Self {
        let text = text.into();
        Self { text, reason }
    }

    /// The reason in words for the people in the chat.
    pub(super) fn reason(&self) -> &'static str {
        self.reason
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

const UNREACHABLE: &str = "The server's database cannot be reached";
const FAILED: &str = "The server's database failed";

impl From<&tokio_postgres::Error> for Failure {
    fn from(error: &tokio_postgres::Error) -> Self {
        let Some(said) = error.as_db_error() else {
            // The error itself says only in which part of the protocol it happened.
            let mut text = error.to_string();
            let mut cause = error.source();
            while let Some(inner) = cause {
                text = format!("{text}: {inner}");
                cause = inner.source();
            }
            return Self::new(&text.replace('\n', " "), UNREACHABLE);
        };
        let reason = match said.code() {
            &SqlState::ADMIN_SHUTDOWN
            | &SqlState::CRASH_SHUTDOWN
            | &SqlState::CANNOT_CONNECT_NOW
            | &SqlState::TOO_MANY_CONNECTIONS => UNREACHABLE,
            &SqlState::DISK_FULL => "The server's disk is full",
            &SqlState::READ_ONLY_SQL_TRANSACTION => {
                "The server's database cannot be written"
            }
            _ => FAILED,
        };
        Self::new(&said.message().replace('\n', " "), reason)
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        StoreError::Server(Failure::from(&error))
    }
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        StoreError::Server(match error {
            PoolError::Backend(error)
            | PoolError::PostCreateHook(HookError::Backend(error)) => {
                Failure::from(&error)
            }
            error => Failure::new(&error.to_string(), UNREACHABLE),
        })
    }
}

/// A message that waits for the writer.
struct Job {
    room: Arc<str>,
    nickname: String,
    text: String,
    key: Option<String>,
    /// Since when it waits, until a transaction has begun for it.
    asked: Option<Instant>,
    tell: oneshot::Sender<Result<Stored, StoreError>>,
}

/// A database on a PostgreSQL server. A cheap handle: clone it.
#[derive(Clone)]
pub(super) struct Postgres(Arc<Inner>);

struct Inner {
    /// `None` when the store is closed.
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// For everything but messages.
    pool: Pool,
    reads: Semaphore,
    directory: Arc<Directory>,
    keep: Keep,
    /// All transactions before this one had ended when the list of rooms was last read.
    seen: Mutex<String>,
}

impl Postgres {
    /// Connects, brings the tables to the newest version and reads the rooms.
    pub(super) async fn connect(address: &str, keep: Keep) -> Result<Self, OpenError> {
        let config: Config =
            address.parse().map_err(|error: tokio_postgres::Error| {
                let scheme = address.split("://").next().unwrap_or_default();
                OpenError::Server(scheme.to_owned(), Failure::from(&error).to_string())
            })?;
        let shown = shown(&config);
        let refused = |error: StoreError| {
            let why = match error {
                StoreError::Server(failure) => failure.to_string(),
                error => error.to_string(),
            };
            OpenError::Server(shown.clone(), why)
        };
        let pool = pool(&config, READERS);
        let entries = async {
            let mut client = pool.get().await?;
            migrate(&mut client).await?;
            let rows = client.query(ENTRIES, &[]).await?;
            Ok::<_, StoreError>(rows.iter().map(entry).collect())
        };
        let entries: Vec<Entry> = entries.await.map_err(refused)?;
        let directory = Arc::new(Directory::new(entries));
        let (jobs, waiting) = mpsc::channel(BATCH);
        let writer = Writer {
            pool: self::pool(&config, 1),
            directory: directory.clone(),
            failing: Failing::default(),
        };
        // `close` waits for the writer. It also ends when the last handle has gone, and
        // with it the sender of its jobs.
        Ok(Self(Arc::new(Inner {
            jobs: Mutex::new(Some(jobs)),
            writer: Mutex::new(Some(tokio::spawn(writer.run(waiting)))),
            pool,
            reads: Semaphore::new(READS),
            directory,
            keep,
            seen: Mutex::new("0".to_owned()),
        })))
    }

    /// Stores what waits still, and lets the connections go.
    pub(super) async fn close(&self) {
        let take = |jobs: &Mutex<Option<mpsc::Sender<Job>>>| lock(jobs).take();
        drop(take(&self.0.jobs));
        let writer = lock(&self.0.writer).take();
        if let Some(writer) = writer {
            let _ = writer.await;
        }
        self.0.pool.close();
    }

    pub(super) fn directory(&self) -> &Arc<Directory> {
        &self.0.directory
    }

    pub(super) fn queue(&self) -> usize {
        let jobs = lock(&self.0.jobs);
        jobs.as_ref()
            .map_or(0, |jobs| jobs.max_capacity() - jobs.capacity())
    }

    pub(super) async fn check(&self) -> Result<(), StoreError> {
        self.with(|client| {
            async move {
                let row = client.query_one("SELECT pg_is_in_recovery()", &[]).await?;
                if row.get(0) {
                    let text = "the database is a replica, which cannot be written";
                    let reason = "The server's database cannot be written";
                    return Err(StoreError::Server(Failure::new(text, reason)));
                }
                Ok(())
            }
            .boxed()
        })
        .await
    }

    pub(super) async fn open_room(
        &self,
        wanted: Room,
        maker: Option<Maker>,
    ) -> Result<Room, StoreError> {
        // A room in which nothing was said is about to be deleted, perhaps by another
        // server: the database has to know that somebody is there.
        if let Some(room) = self.0.directory.enter_spoken(&wanted.slug) {
            return Ok(room);
        }
        let made_by = maker.map(|maker| maker.address);
        let room = self
            .with(move |client| {
                async move {
                    let enter = "UPDATE rooms SET entered = now() WHERE slug = $1
                             RETURNING slug, name";
                    if let Some(row) = client.query_opt(enter, &[&wanted.slug]).await? {
                        return Ok(room(&row));
                    }
                    let transaction = client.transaction().await?;
                    let one = "SELECT pg_advisory_xact_lock($1)";
                    transaction.execute(one, &[&MAKING_A_ROOM]).await?;
                    if let Some(row) =
                        transaction.query_opt(enter, &[&wanted.slug]).await?
                    {
                        transaction.commit().await?;
                        return Ok(room(&row));
                    }
                    let count = "SELECT count(*), count(*) FILTER (WHERE made_by = $1)
                             FROM rooms";
                    let address = maker.map(|maker| maker.address.cast_signed());
                    let counted = transaction.query_one(count, &[&address]).await?;
                    if counted.get::<_, i64>(0) >= i64::from(MAX_ROOMS) {
                        return Err(StoreError::TooManyRooms);
                    }
                    let made =
                        usize::try_from(counted.get::<_, i64>(1)).unwrap_or_default();
                    if maker.is_some_and(|maker| made >= maker.at_most) {
                        return Err(StoreError::TooManyOfOne);
                    }
                    let add =
                        "INSERT INTO rooms (slug, name, made_by) VALUES ($1, $2, $3)";
                    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
                        [&wanted.slug, &wanted.name, &address];
                    transaction.execute(add, &values).await?;
                    transaction.commit().await?;
                    Ok(wanted)
                }
                .boxed()
            })
            .await?;
        self.0.directory.add(&room, made_by);
        Ok(room)
    }

    pub(super) async fn add_message(
        &self,
        room: &str,
        nickname: &str,
        text: &str,
        key: Option<&str>,
    ) -> Result<Stored, StoreError> {
        let (tell, told) = oneshot::channel();
        let job = Job {
            room: room.into(),
            nickname: nickname.to_owned(),
            text: text.to_owned(),
            key: key.map(ToOwned::to_owned),
            asked: Some(Instant::now()),
            tell,
        };
        let jobs = lock(&self.0.jobs).clone().ok_or(StoreError::Closed)?;
        queue(&jobs, job, told).await
    }

    pub(super) async fn older(
        &self,
        room: &str,
        before: i64,
    ) -> Result<Vec<Message>, StoreError> {
        let room = room.to_owned();
        self.with(move |client| {
            async move {
                let latest = "SELECT id, nickname, text, at, key FROM messages
                     WHERE room = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
                let latest = client.prepare_cached(latest).await?;
                let count = i64::from(HISTORY);
                let rows = client.query(&latest, &[&room, &before, &count]).await?;
                let mut bytes = 0;
                let fits = rows.iter().map(message).take_while(|message| {
                    bytes += message.text.len();
                    bytes <= HISTORY_BYTES
                });
                let mut messages: Vec<_> = fits.collect();
                messages.reverse();
                Ok(messages)
            }
            .boxed()
        })
        .await
    }

    pub(super) async fn prune(
        &self,
        occupied: &BTreeSet<Arc<str>>,
        patience: Duration,
    ) -> Result<(), StoreError> {
        if let Some(keep) = self.0.keep.messages {
            for room in self.0.directory.take_grown() {
                let delete = "DELETE FROM messages WHERE id IN (
                        SELECT id FROM messages WHERE room = $2::text AND id <= (
                            SELECT id FROM messages WHERE room = $2::text
                            ORDER BY id DESC LIMIT 1 OFFSET $1)
                        ORDER BY id LIMIT $3) RETURNING room";
                self.delete(delete, i64::from(keep), &room).await?;
            }
        }
        if let Some(days) = self.0.keep.days {
            let delete = "DELETE FROM messages WHERE $2::text = '' AND id IN (
                    SELECT id FROM messages
                    WHERE at < (extract(epoch FROM now()) * 1000)::bigint - $1
                    ORDER BY at LIMIT $3) RETURNING room";
            self.delete(delete, i64::from(days) * 86_400_000, "")
                .await?;
        }
        let occupied_here: Vec<String> = occupied
            .iter()
            .map(std::string::ToString::to_string)
            .collect();
        let silent = self.0.directory.take_silent(occupied, patience);
        let names: Vec<String> = silent
            .iter()
            .map(std::string::ToString::to_string)
            .collect();
        let gone = self.with(move |client| {
            async move {
                let stay = "UPDATE rooms SET entered = now() WHERE slug IN (
                        SELECT slug FROM rooms WHERE slug = ANY ($1)
                        ORDER BY slug FOR NO KEY UPDATE)";
                client.execute(stay, &[&occupied_here]).await?;
                let end = "DELETE FROM rooms WHERE slug IN (
                        SELECT slug FROM rooms WHERE slug = ANY ($1)
                            AND entered <= now() - $2 * interval '1 second'
                            AND NOT EXISTS (SELECT FROM messages WHERE room = slug)
                        ORDER BY slug FOR UPDATE)
                    RETURNING slug";
                let seconds = patience.as_secs_f64();
                let rows = client.query(end, &[&names, &seconds]).await?;
                let gone = rows.iter().map(|row| Arc::from(row.get::<_, &str>(0)));
                Ok(gone.collect::<Vec<Arc<str>>>())
            }
            .boxed()
        });
        let gone = gone.await;
        self.0.directory.stay(&silent);
        self.0.directory.remove(&gone?);
        Ok(())
    }

    /// Runs a statement that deletes a few messages until it deletes none.
    async fn delete(
        &self,
        sql: &'static str,
        limit: i64,
        room: &str,
    ) -> Result<(), StoreError> {
        loop {
            let room = room.to_owned();
            let (count, empty) = self
                .with(move |client| {
                    async move {
                        let transaction = client.transaction().await?;
                        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
                            [&limit, &room, &PRUNED_AT_ONCE];
                        let rows = transaction.query(sql, &values).await?;
                        let rooms = rows.iter().map(|row| row.get(0));
                        let rooms: BTreeSet<String> = rooms.collect();
                        let rooms = Vec::from_iter(rooms);
                        transaction.execute(LOCK, &[&rooms]).await?;
                        let changed = "UPDATE rooms SET changed = pg_current_xact_id()
                            WHERE slug = ANY ($1)";
                        transaction.execute(changed, &[&rooms]).await?;
                        let empty = "SELECT slug FROM rooms WHERE slug = ANY ($1)
                            AND NOT EXISTS (SELECT FROM messages WHERE room = slug)";
                        let empty = transaction.query(empty, &[&rooms]).await?;
                        transaction.commit().await?;
                        let empty = empty.iter().map(|row| row.get(0));
                        Ok((rows.len(), empty.collect::<BTreeSet<String>>()))
                    }
                    .boxed()
                })
                .await?;
            self.0.directory.emptied(&empty);
            if count == 0 {
                return Ok(());
            }
        }
    }

    /// Other programs are expected.
    #[expect(clippy::unused_self, reason = "the other backend has to be told")]
    pub(super) fn share(&self) {}

    /// Brings the list of rooms up to date with what other servers did.
    ///
    /// Each change of a room notes its transaction. Transactions end in another order than
    /// they begin, so "everything since the latest that I saw" would miss some. The oldest
    /// that has not ended is the right mark: everything before it has been seen.
    pub(super) async fn refresh(&self) -> Result<(), StoreError> {
        let seen = lock(&self.0.seen).clone();
        let (mark, changed, count): (String, Vec<Entry>, i64) = self
            .with(move |client| {
                async move {
                    // The mark first: what ends between the two is then seen twice.
                    let mark = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text";
                    let mark: String = client.query_one(mark, &[]).await?.get(0);
                    let changed = format!("{ENTRIES} WHERE changed >= $1::text::xid8");
                    let changed = client.prepare_cached(&changed).await?;
                    let rows = client.query(&changed, &[&seen]).await?;
                    let count: i64 = client
                        .query_one("SELECT count(*) FROM rooms", &[])
                        .await?
                        .get(0);
                    Ok((mark, rows.iter().map(entry).collect(), count))
                }
                .boxed()
            })
            .await?;
        self.0.directory.learn(changed);
        if usize::try_from(count).ok() != Some(self.0.directory.count()) {
            self.forget_deleted().await?;
        }
        *lock(&self.0.seen) = mark;
        Ok(())
    }

    /// Removes the rooms that other servers have deleted.
    async fn forget_deleted(&self) -> Result<(), StoreError> {
        let known: Vec<String> = self.0.directory.slugs();
        let gone = self
            .with(move |client| {
                async move {
                    let gone = "SELECT known FROM unnest($1::text[]) AS known
                    WHERE NOT EXISTS (SELECT FROM rooms WHERE slug = known)";
                    let rows = client.query(gone, &[&known]).await?;
                    let gone = rows.iter().map(|row| Arc::from(row.get::<_, &str>(0)));
                    Ok(gone.collect::<Vec<Arc<str>>>())
                }
                .boxed()
            })
            .await?;
        if !gone.is_empty() {
            self.0.directory.remove(&gone);
        }
        Ok(())
    }

    /// Does something with a connection. It gets a bounded time, and a connection on which
    /// it was not finished is not used again.
    async fn with<T>(
        &self,
        work: impl for<'a> FnOnce(&'a mut Object) -> BoxFuture<'a, Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let _place = self.0.reads.try_acquire().map_err(|_| StoreError::Busy)?;
        if self.0.pool.is_closed() {
            return Err(StoreError::Closed);
        }
        let mut client = self.0.pool.get().await?;
        if let Ok(result) = timeout(TIMEOUT, work(&mut client)).await {
            return result;
        }
        drop(Object::take(client));
        Err(StoreError::Server(Failure::new(
            "the server does not answer",
            UNREACHABLE,
        )))
    }
}

/// Stores messages: the task's own state.
struct Writer {
    pool: Pool,
    directory: Arc<Directory>,
    failing: Failing,
}

impl Writer {
    /// Until the last sender is gone, all that waits goes into one transaction.
    async fn run(self, mut waiting: mpsc::Receiver<Job>) {
        let mut batch = Vec::new();
        while waiting.recv_many(&mut batch, BATCH).await > 0 {
            let start = Instant::now();
            let mut added = self.add(&mut batch).await;
            if batch.len() > 1
                && matches!(&added, Err(StoreError::Server(it)) if it.reason == FAILED)
            {
                // One of them is to blame, and the others must not pay for it.
                let mut each = Vec::new();
                for job in &mut batch {
                    let one = self.add(std::slice::from_mut(job)).await;
                    each.push(one.and_then(|mut one| one.remove(0)));
                }
                added = Ok(each);
            }
            let ended = added.as_ref().map(|_| ()).map_err(Clone::clone);
            self.failing.ended(&ended, batch.len(), start.elapsed());
            let results = match added {
                Ok(results) => results,
                Err(error) => vec![Err(error); batch.len()],
            };
            for (job, result) in batch.drain(..).zip(results) {
                if let Ok(stored) = &result
                    && !stored.again
                {
                    let last = Last::new(&job.nickname, &job.text, stored.meta.at);
                    self.directory.spoken(&job.room, last);
                }
                // If the asker's connection is gone, nothing receives this. The message
                // is stored all the same.
                let _ = job.tell.send(result);
            }
        }
    }

    async fn add(
        &self,
        batch: &mut [Job],
    ) -> Result<Vec<Result<Stored, StoreError>>, StoreError> {
        let client = self.pool.get().await?;
        for asked in batch.iter_mut().filter_map(|job| job.asked.take()) {
            metrics::histogram!("chat_store_wait_seconds").record(asked.elapsed());
        }
        match timeout(TIMEOUT, add(&client, batch)).await {
            Ok(Ok(results)) => Ok(results),
            Ok(Err(error)) => {
                // Whatever state its transaction is in.
                drop(Object::take(client));
                Err(error)
            }
            Err(_) => {
                drop(Object::take(client));
                Err(StoreError::Server(Failure::new(
                    "the server does not answer",
                    UNREACHABLE,
                )))
            }
        }
    }
}

/// Stores a batch in one transaction. `Ok` means committed.
async fn add(
    client: &Object,
    batch: &[Job],
) -> Result<Vec<Result<Stored, StoreError>>, StoreError> {
    let column = |of: fn(&Job) -> &str| batch.iter().map(of).collect::<Vec<_>>();
    let of_each = column(|job| &job.room);
    let (nicknames, texts) = (column(|job| &job.nickname), column(|job| &job.text));
    let keys: Vec<_> = batch.iter().map(|job| job.key.as_deref()).collect();
    let rooms = Vec::from_iter(of_each.iter().copied().collect::<BTreeSet<_>>());

    let lock = client.prepare_cached(LOCK).await?;
    let insert = client.prepare_cached(ADD).await?;
    let touch = client.prepare_cached(TOUCH).await?;
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&of_each, &nicknames, &texts, &keys];
    let room_values: [&(dyn tokio_postgres::types::ToSql + Sync); 1] = [&rooms];
    // `join5` polls them in this order, and each is sent when it is first polled. When one
    // fails, the server refuses those after it, and COMMIT takes everything back.
    let (begun, locked, added, touched, committed) = join5(
        client.batch_execute("BEGIN"),
        client.execute(&lock, &room_values),
        client.query(&insert, &values),
        client.execute(&touch, &room_values),
        client.batch_execute("COMMIT"),
    )
    .await;
    begun?;
    locked?;
    let rows = added?;
    touched?;
    committed?;

    let mut results: Vec<Result<Stored, StoreError>> = batch
        .iter()
        .map(|_| Err(StoreError::Server(Failure::new("no such room", FAILED))))
        .collect();
    let mut first: HashMap<(&str, &str), Meta> = HashMap::new();
    let mut rows: Vec<_> = rows
        .iter()
        .map(|row| (row.get::<_, i64>("place"), row))
        .collect();
    rows.sort_unstable_by_key(|(place, _)| *place);
    for (place, row) in rows {
        let Some(at) = usize::try_from(place - 1)
            .ok()
            .filter(|at| *at < batch.len())
        else {
            continue;
        };
        let job = &batch[at];
        let key = job.key.as_deref().map(|key| (&*job.room, key));
        let meta = match (row.get::<_, Option<i64>>("id"), row.get("at")) {
            (Some(id), Some(at)) => Meta {
                id,
                at,
                key: job.key.clone(),
            },
            // It is twice in this very batch.
            _ => match key.and_then(|key| first.get(&key)) {
                Some(meta) => meta.clone(),
                None => continue,
            },
        };
        if let Some(key) = key {
            first.entry(key).or_insert_with(|| meta.clone());
        }
        let again = row.get("again");
        results[at] = Ok(Stored { meta, again });
    }
    Ok(results)
}

/// Brings the tables to the newest version: one server at a time, and all steps or none.
async fn migrate(client: &mut Object) -> Result<(), StoreError> {
    let transaction = client.transaction().await?;
    let one = "SELECT pg_advisory_xact_lock($1)";
    transaction.execute(one, &[&MIGRATING]).await?;
    let table = "CREATE TABLE IF NOT EXISTS chat_schema (version int PRIMARY KEY)";
    transaction.batch_execute(table).await?;
    let version = "SELECT coalesce(max(version), 0) FROM chat_schema";
    let version: i32 = transaction.query_one(version, &[]).await?.get(0);
    let applied = usize::try_from(version).unwrap_or_default();
    if applied > MIGRATIONS.len() {
        let known = MIGRATIONS.len();
        let text = format!(
            "schema version {version}, and this program knows only versions up to {known}"
        );
        return Err(StoreError::Server(Failure::new(&text, FAILED)));
    }
    for (version, step) in (1_i32..).zip(MIGRATIONS).skip(applied) {
        transaction.batch_execute(step).await?;
        let note = "INSERT INTO chat_schema VALUES ($1)";
        transaction.execute(note, &[&version]).await?;
    }
    transaction.commit().await?;
    Ok(())
}

fn pool(config: &Config, size: usize) -> Pool {
    let mut config = config.clone();
    config.connect_timeout(CONNECT_TIMEOUT);
    config.application_name("chat-app");
    let manager = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    Pool::builder(Manager::from_config(config, NoTls, manager))
        .max_size(size)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(QUEUE_TIMEOUT))
        .create_timeout(Some(CONNECT_TIMEOUT))
        .post_create(Hook::async_fn(|client, _| {
            Box::pin(async move {
                let set = client.batch_execute(SESSION).await;
                set.map_err(HookError::Backend)
            })
        }))
        .build()
        .expect("a runtime is set")
}

/// The address without its password, for error messages.
fn shown(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        Some(Host::Unix(path)) => path.display().to_string(),
        None => String::new(),
    };
    let port = config.get_ports().first().unwrap_or(&5432);
    let name = config.get_dbname().unwrap_or_default();
    format!("postgres://{host}:{port}/{name}")
}

fn entry(row: &Row) -> Entry {
    let nickname: Option<&str> = row.get("nickname");
    let last =
        nickname.map(|nickname| Last::new(nickname, row.get("text"), row.get("at")));
    Entry::new(room(row), last)
}

fn room(row: &Row) -> Room {
    Room {
        slug: row.get("slug"),
        name: row.get("name"),
    }
}

fn message(row: &Row) -> Message {
    Message {
        id: row.get("id"),
        nickname: row.get("nickname"),
        text: row.get("text"),
        at: row.get("at"),
        key: row.get("key"),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
