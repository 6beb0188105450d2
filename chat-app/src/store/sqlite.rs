//! Rooms and messages in one SQLite file.
//!
//! A message that was acknowledged is on the disk. That costs an `fsync`, a few
//! milliseconds, which is far too slow for one message at a time and wrong for an async
//! worker to wait through. So one thread does all the writing. It takes everything that
//! waits into one transaction, commits, and only then answers: a hundred messages that
//! arrive together cost one `fsync` (group commit), and a message alone waits for no
//! other.
//!
//! Reading never waits for that thread. The list of rooms is in memory (see
//! [`Directory`]), and histories are read by two threads with their own connections: in
//! SQLite's WAL mode a reader sees the last commit, whatever the writer is doing.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rusqlite::{
    Connection, ErrorCode, MAIN_DB, OpenFlags, OptionalExtension, Transaction,
    TransactionBehavior, params,
};
use tokio::sync::{mpsc, oneshot};

use super::{
    Failing, HISTORY, HISTORY_BYTES, Keep, MAX_ROOMS, Maker, Message, Meta, OpenError,
    StoreError, Stored, queue,
};
use crate::directory::{Directory, Entry, Last};
use crate::names::Room;

/// The most jobs in a transaction: an end to how long the first of them waits. As many
/// can wait for the next transaction; a caller that finds the queue full waits for a
/// place in it.
const BATCH: usize = 1000;
/// How many histories can wait to be read.
const READS: usize = 1000;
/// How many threads read.
const READERS: usize = 2;
/// How long to wait for another process that holds the database.
const BUSY: Duration = Duration::from_secs(2);
/// How many messages are deleted in one transaction: other writers wait for it.
const PRUNED_AT_ONCE: u32 = 500;
/// The largest file that is checked from end to end when it is opened, in bytes. That
/// takes a second for about this many.
const CHECKED: u64 = 256 << 20;
/// Marks the file as ours, "CHAT" in ASCII (SQLite's `application_id`).
const APPLICATION_ID: i32 = 0x4348_4154;
/// The steps from each version of the tables to the next (SQLite's `user_version` is how
/// many of these a file has had). A new file goes through all of them, so there is one
/// way to the newest tables and it is used each day.
const MIGRATIONS: [&str; 3] = [
    "
    CREATE TABLE rooms (
        slug TEXT PRIMARY KEY,
        name TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE messages (
        id       INTEGER PRIMARY KEY AUTOINCREMENT,
        room     TEXT NOT NULL REFERENCES rooms (slug),
        nickname TEXT NOT NULL,
        text     TEXT NOT NULL,
        at       INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX messages_of_room ON messages (room, id);
    ",
    // The page's own id of a message: the second of the same id is refused by the table
    // itself.
    "
    ALTER TABLE messages ADD COLUMN key TEXT;
    CREATE UNIQUE INDEX messages_once ON messages (room, key) WHERE key IS NOT NULL;
    CREATE INDEX messages_by_age ON messages (at);
    ",
    // When a client was last there, in milliseconds since 1970, as far as other programs
    // have to know it.
    "
    ALTER TABLE rooms ADD COLUMN entered INTEGER NOT NULL DEFAULT 0;
    ",
];

/// Something to do inside a transaction. It returns a function, which is called when the
/// transaction has ended.
type Job = Box<dyn FnOnce(&Begun) -> Answer + Send>;
type Answer = Box<dyn FnOnce(&Committed)>;
type Begun<'a> = Result<&'a Batch<'a>, StoreError>;
type Committed = Result<(), StoreError>;
/// Something to read. Returns whether the connection can be used again.
type Read = Box<dyn FnOnce(Result<&Connection, StoreError>) -> bool + Send>;

/// A transaction that several jobs share.
struct Batch<'a> {
    db: &'a Connection,
    /// Why SQLite has rolled all of it back: a full disk does that.
    lost: RefCell<Option<StoreError>>,
}

/// A database file. A cheap handle: clone it.
#[derive(Clone)]
pub(super) struct Sqlite(Arc<Inner>);

struct Inner {
    jobs: mpsc::Sender<Job>,
    /// `None` for a database in memory: no second connection could see that.
    reads: Option<mpsc::Sender<Read>>,
    directory: Arc<Directory>,
    keep: Keep,
    state: Arc<State>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Held while a room is made, so that the limits on rooms are exact.
    making: tokio::sync::Mutex<()>,
}

/// The state that the threads and the handles share.
#[derive(Default)]
struct State {
    /// Tells the threads to end, even while there are handles.
    closing: AtomicBool,
    failing: Failing,
    /// Other programs write to the file too.
    shared: AtomicBool,
    /// The file's version when its rooms were last read.
    seen: AtomicI64,
}

impl Sqlite {
    #[cfg(test)]
    fn open(path: &Path) -> Result<Self, OpenError> {
        Self::open_and_keep(path, Keep::default())
    }

    /// Opens the database, or makes a new one.
    pub(super) fn open_and_keep(path: &Path, keep: Keep) -> Result<Self, OpenError> {
        let (db, rooms) = prepare(path).map_err(|fault| fault.at(path))?;
        let state = Arc::new(State::default());
        let mut threads = Vec::new();
        let mut start = |name: &str, thread: Box<dyn FnOnce() + Send>| {
            let thread = std::thread::Builder::new().name(name.into()).spawn(thread);
            threads.push(thread.map_err(|error| OpenError::Thread(path.into(), error))?);
            Ok(())
        };

        let (jobs, mut queue) = mpsc::channel(BATCH);
        let (shared, file) = (state.clone(), File::at(path));
        start(
            "store",
            Box::new(move || {
                // Nothing in `work` should panic; everything depends on it.
                while catch_unwind(AssertUnwindSafe(|| {
                    work(&db, &mut queue, &shared, &file);
                }))
                .is_err()
                {}
                // In this order: `Sqlite::close` waits for the end of the queue.
                drop(db);
                drop(queue);
            }),
        )?;

        let mut reads = None;
        if path.as_os_str() != ":memory:" {
            let (sender, queue) = mpsc::channel(READS);
            let queue = Arc::new(Mutex::new(queue));
            for _ in 0..READERS {
                let (path, queue) = (path.to_owned(), queue.clone());
                let shared = state.clone();
                start("reader", Box::new(move || read(&path, &queue, &shared)))?;
            }
            reads = Some(sender);
        }
        Ok(Self(Arc::new(Inner {
            jobs,
            reads,
            directory: Arc::new(Directory::new(rooms)),
            keep,
            state,
            threads: Mutex::new(threads),
            making: tokio::sync::Mutex::default(),
        })))
    }

    /// As [`Store::close`](super::Store::close). SQLite then moves everything from the
    /// write-ahead log into the file itself.
    pub(super) async fn close(&self) {
        self.0.state.closing.store(true, Ordering::Release);
        // For threads that have nothing to do and would not look. The readers first: the
        // last connection to be closed cleans up, and a reader's cannot write.
        if let Some(reads) = &self.0.reads {
            for _ in 0..READERS {
                let _ = reads.send(Box::new(|_| true)).await;
            }
            reads.closed().await;
        }
        let _ = self.ask(|_| Ok(())).await;
        self.0.jobs.closed().await;
        let threads = self.0.threads.lock();
        let threads =
            std::mem::take(&mut *threads.unwrap_or_else(PoisonError::into_inner));
        let join = move || threads.into_iter().for_each(|thread| drop(thread.join()));
        let _ = tokio::task::spawn_blocking(join).await;
    }

    pub(super) fn directory(&self) -> &Arc<Directory> {
        &self.0.directory
    }

    pub(super) fn queue(&self) -> usize {
        self.0.jobs.max_capacity() - self.0.jobs.capacity()
    }

    pub(super) async fn check(&self) -> Result<(), StoreError> {
        self.read(|db| Ok(db.query_one("SELECT 1", [], |_| Ok(()))?))
            .await?;
        if self.0.state.failing.0.load(Ordering::Acquire) {
            // See whether that is over: a job that changes something, and takes it back.
            self.ask(|db| {
                let insert = "INSERT INTO rooms (slug, name) VALUES ('', '')";
                db.execute(insert, [])?;
                db.execute("DELETE FROM rooms WHERE slug = ''", [])?;
                Ok(())
            })
            .await?;
        }
        Ok(())
    }

    pub(super) async fn open_room(
        &self,
        wanted: Room,
        maker: Option<Maker>,
    ) -> Result<Room, StoreError> {
        let directory = &self.0.directory;
        let shared = self.0.state.shared.load(Ordering::Acquire);
        let known = if shared {
            // Another program may be about to delete a room in which nothing was said: it
            // has to be told that somebody is there.
            directory.enter_spoken(&wanted.slug)
        } else {
            directory.enter(&wanted.slug)
        };
        if let Some(room) = known {
            return Ok(room);
        }
        let _making = self.0.making.lock().await;
        if let Some(maker) = maker
            && directory.room(&wanted.slug).is_none()
            && self.0.directory.made_by(maker.address) >= maker.at_most
        {
            return Err(StoreError::TooManyOfOne);
        }
        let made_by = maker.map(|maker| maker.address);
        let directory = self.0.directory.clone();
        self.ask_and(
            move |db| {
                if let Some(room) = find_room(db, &wanted.slug)? {
                    if shared {
                        enter_room(db, &room.slug)?;
                    }
                    return Ok(room);
                }
                let count: u32 = db
                    .prepare_cached("SELECT count(*) FROM rooms")?
                    .query_one([], |row| row.get(0))?;
                if count >= MAX_ROOMS {
                    return Err(StoreError::TooManyRooms);
                }
                db.prepare_cached("INSERT INTO rooms (slug, name) VALUES (?1, ?2)")?
                    .execute(params![wanted.slug, wanted.name])?;
                if shared {
                    enter_room(db, &wanted.slug)?;
                }
                Ok(wanted)
            },
            move |room| directory.add(room, made_by),
        )
        .await
    }

    pub(super) async fn add_message(
        &self,
        room: &str,
        nickname: &str,
        text: &str,
        key: Option<&str>,
    ) -> Result<Stored, StoreError> {
        let room: Arc<str> = room.into();
        let (nickname, text) = (nickname.to_owned(), text.to_owned());
        let key = key.map(ToOwned::to_owned);
        let (directory, of) = (self.0.directory.clone(), room.clone());
        let last = Last::new(&nickname, &text, now());
        self.ask_and(
            move |db| insert(db, &room, &nickname, &text, key),
            move |stored| {
                if !stored.again {
                    directory.spoken(
                        &of,
                        Last {
                            time: stored.meta.at,
                            ..last
                        },
                    );
                }
            },
        )
        .await
    }

    pub(super) async fn older(
        &self,
        room: &str,
        before: i64,
    ) -> Result<Vec<Message>, StoreError> {
        let room = room.to_owned();
        self.read(move |db| {
            let mut rows = db.prepare_cached(
                "SELECT id, nickname, text, at, key FROM messages
                 WHERE room = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
            )?;
            let mut latest = Vec::new();
            let mut bytes = 0;
            for message in rows.query_map(params![room, before, HISTORY], message)? {
                let message = message?;
                bytes += message.text.len();
                if bytes > HISTORY_BYTES {
                    break;
                }
                latest.push(message);
            }
            latest.reverse();
            Ok(latest)
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
                self.delete(
                    "DELETE FROM messages WHERE id IN (
                         SELECT id FROM messages WHERE room = ?1 AND id <= (
                             SELECT id FROM messages WHERE room = ?1
                             ORDER BY id DESC LIMIT 1 OFFSET ?2)
                         ORDER BY id LIMIT ?3) RETURNING room",
                    (room, keep, PRUNED_AT_ONCE),
                )
                .await?;
            }
        }
        if let Some(days) = self.0.keep.days {
            let oldest = now() - i64::from(days) * 86_400_000;
            self.delete(
                "DELETE FROM messages WHERE id IN (
                     SELECT id FROM messages WHERE at < ?1 ORDER BY at LIMIT ?2)
                 RETURNING room",
                (oldest, PRUNED_AT_ONCE),
            )
            .await?;
        }
        if self.0.state.shared.load(Ordering::Acquire) {
            let occupied = occupied.clone();
            let enter = move |db: &Connection| {
                occupied.iter().try_for_each(|room| enter_room(db, room))
            };
            self.ask(enter).await?;
        }
        let silent = self.0.directory.take_silent(occupied, patience);
        if silent.is_empty() {
            return Ok(());
        }
        let (directory, names) = (self.0.directory.clone(), silent.clone());
        let oldest = now().saturating_sub(patience.as_millis().try_into().unwrap_or(0));
        let gone = self.ask_and(
            move |db| {
                let mut delete = db.prepare_cached(
                    "DELETE FROM rooms WHERE slug = ?1 AND entered <= ?2 AND NOT EXISTS
                         (SELECT 1 FROM messages WHERE room = ?1)",
                )?;
                let mut gone = Vec::new();
                for room in names {
                    if delete.execute(params![room, oldest])? > 0 {
                        gone.push(room);
                    }
                }
                Ok(gone)
            },
            move |gone| directory.remove(gone),
        );
        let gone = gone.await;
        self.0.directory.stay(&silent);
        gone.map(|_| ())
    }

    pub(super) fn share(&self) {
        self.0.state.shared.store(true, Ordering::Release);
    }

    /// Brings the list of rooms up to date with what other programs did to the file.
    pub(super) async fn refresh(&self) -> Result<(), StoreError> {
        if !self.0.state.shared.load(Ordering::Acquire) {
            return Ok(());
        }
        // A number that changes when another connection than this one commits something.
        let version = "PRAGMA data_version";
        let version = self
            .ask(move |db| Ok(db.query_one(version, [], |row| row.get(0))?))
            .await?;
        if self.0.state.seen.load(Ordering::Acquire) == version {
            return Ok(());
        }
        let known = self.0.directory.slugs();
        let entries = self.read(|db| Ok(entries(db)?)).await?;
        let there: BTreeSet<_> = entries.iter().map(|it| it.room.slug.clone()).collect();
        let gone = known.iter().filter(|slug| !there.contains(*slug));
        let gone: Vec<_> = gone.map(|slug| Arc::from(slug.as_str())).collect();
        self.0.directory.learn(entries);
        if !gone.is_empty() {
            self.0.directory.remove(&gone);
        }
        self.0.state.seen.store(version, Ordering::Release);
        Ok(())
    }

    /// Runs a statement that deletes a few messages until it deletes none.
    async fn delete(
        &self,
        sql: &'static str,
        values: impl rusqlite::Params + Clone + Send + 'static,
    ) -> Result<(), StoreError> {
        loop {
            let (directory, values) = (self.0.directory.clone(), values.clone());
            let deleted = self
                .ask_and(
                    move |db| {
                        let mut rows = db.prepare_cached(sql)?;
                        let rows = rows.query_map(values, |row| row.get(0))?;
                        let rooms: Vec<String> = rows.collect::<Result<_, _>>()?;
                        let mut empty = BTreeSet::new();
                        let mut any =
                            db.prepare_cached("SELECT 1 FROM messages WHERE room = ?1")?;
                        for room in rooms.iter().collect::<BTreeSet<_>>() {
                            if !any.exists([room])? {
                                empty.insert(room.clone());
                            }
                        }
                        Ok((rooms.len(), empty))
                    },
                    move |(_, empty)| directory.emptied(empty),
                )
                .await?;
            if deleted.0 == 0 {
                return Ok(());
            }
        }
    }

    /// Queues the work, at once if there is a place, and returns what will be its result.
    /// `Ok` means committed.
    fn ask<T, W>(
        &self,
        work: W,
    ) -> impl Future<Output = Result<T, StoreError>> + use<T, W>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.ask_and(work, |_| {})
    }

    /// [`Sqlite::ask`], and calls `then` when the work is committed, in the order of the
    /// commits and whether or not the caller still waits.
    fn ask_and<T, W, C>(
        &self,
        work: W,
        then: C,
    ) -> impl Future<Output = Result<T, StoreError>> + use<T, W, C>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        C: FnOnce(&T) + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let asked = Instant::now();
        let job: Job = Box::new(move |begun| {
            metrics::histogram!("chat_store_wait_seconds").record(asked.elapsed());
            let result = begun.clone().and_then(|batch| batch.job(work));
            Box::new(move |committed| {
                let result = committed.clone().and(result);
                if let Ok(value) = &result {
                    then(value);
                }
                // If the asker's connection is gone, nothing receives this. The work is
                // done all the same.
                let _ = tell.send(result);
            })
        });
        queue(&self.0.jobs, job, told)
    }

    /// Has the work done by a reader, beside the writer.
    fn read<T, W>(
        &self,
        work: W,
    ) -> impl Future<Output = Result<T, StoreError>> + use<T, W>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let Some(reads) = &self.0.reads else {
            return futures_util::future::Either::Left(self.ask(work));
        };
        let (tell, told) = oneshot::channel();
        let read: Read = Box::new(move |db| {
            let result = db.and_then(|db| {
                catch_unwind(AssertUnwindSafe(|| work(db)))
                    .unwrap_or(Err(StoreError::Panicked))
            });
            let fine = result.is_ok();
            let _ = tell.send(result);
            fine
        });
        futures_util::future::Either::Right(queue(reads, read, told))
    }
}

impl<'a> Batch<'a> {
    /// IMMEDIATE takes the write lock now, where waiting for another process is allowed,
    /// not halfway through.
    fn begin(db: &'a Connection) -> Result<Self, StoreError> {
        db.execute_batch("BEGIN IMMEDIATE")?;
        let lost = RefCell::default();
        Ok(Self { db, lost })
    }

    /// Does one job. If it fails or panics, all that it did is undone, and the others'
    /// work is not touched.
    fn job<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if let Some(lost) = &*self.lost.borrow() {
            return Err(lost.clone());
        }
        let run = |sql| self.db.prepare_cached(sql)?.execute([]).map(|_| ());
        run("SAVEPOINT job")?;
        // Unwind safe: what a panic left half done is in the savepoint.
        let result = catch_unwind(AssertUnwindSafe(|| work(self.db)))
            .unwrap_or(Err(StoreError::Panicked));
        if let Err(error) = &result {
            if self.db.is_autocommit() {
                self.lost.replace(Some(error.clone()));
                return result;
            }
            run("ROLLBACK TO job")?;
        }
        run("RELEASE job")?;
        result
    }

    fn commit(&self) -> Committed {
        if let Some(lost) = self.lost.take() {
            return Err(lost);
        }
        let committed = self.db.execute_batch("COMMIT");
        if committed.is_err() && !self.db.is_autocommit() {
            // A failed COMMIT can leave the transaction open, and the next BEGIN would
            // fail on it.
            let _ = self.db.execute_batch("ROLLBACK");
        }
        Ok(committed?)
    }
}

// ANCHOR: work
/// The writer's thread: until the store is closed, or the last handle is dropped, all
/// that waits goes into one transaction.
fn work(db: &Connection, queue: &mut mpsc::Receiver<Job>, state: &State, file: &File) {
    while let Some(first) = queue.blocking_recv() {
        let start = Instant::now();
        let batch = file.is_there().and_then(|()| Batch::begin(db));
        let begun = batch.as_ref().map_err(StoreError::clone);
        let answers: Vec<Answer> = std::iter::once(first)
            .chain(std::iter::from_fn(|| queue.try_recv().ok()).take(BATCH - 1))
            .map(|job| job(&begun))
            .collect();
        // One fsync for all of them.
        let committed = begun.and_then(Batch::commit);
        state
            .failing
            .ended(&committed, answers.len(), start.elapsed());
        for answer in answers {
            answer(&committed);
        }
        if state.closing.load(Ordering::Acquire) {
            return;
        }
    }
}
// ANCHOR_END: work

/// A reader's thread. Its connection is opened when it is needed, and again after a
/// failure.
fn read(path: &Path, queue: &Mutex<mpsc::Receiver<Read>>, state: &State) {
    let mut db = None;
    loop {
        // The other readers wait for the lock instead of the queue.
        let next = queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv();
        let Some(job) = next else { return };
        if db.is_none() {
            match open_to_read(path) {
                Ok(opened) => db = Some(opened),
                Err(error) => {
                    job(Err(error.into()));
                    continue;
                }
            }
        }
        if !db.as_ref().is_some_and(|db| job(Ok(db))) {
            db = None;
        }
        if state.closing.load(Ordering::Acquire) {
            return;
        }
    }
}

fn open_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    db.busy_timeout(BUSY)?;
    Ok(db)
}

/// The database's file, by which the program notices that another file has taken its place.
/// SQLite would keep writing to a file that has been deleted.
struct File {
    #[cfg(unix)]
    path: PathBuf,
    #[cfg(unix)]
    id: Option<(u64, u64)>,
}

impl File {
    #[cfg(unix)]
    fn at(path: &Path) -> Self {
        let path = path.to_owned();
        let id = Self::id(&path);
        Self { path, id }
    }

    #[cfg(unix)]
    fn id(path: &Path) -> Option<(u64, u64)> {
        use std::os::unix::fs::MetadataExt;
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.dev(), metadata.ino()))
    }

    #[cfg(unix)]
    fn is_there(&self) -> Result<(), StoreError> {
        // A database in memory had no file to begin with.
        if self.id.is_some() && Self::id(&self.path) != self.id {
            return Err(StoreError::Moved);
        }
        Ok(())
    }

    #[cfg(not(unix))]
    fn at(_: &Path) -> Self {
        Self {}
    }

    #[cfg(not(unix))]
    fn is_there(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A fault of a file, without its path.
enum Fault {
    Foreign,
    Version(i32),
    ReadOnly,
    Damaged(String),
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Sqlite(error)
    }
}

impl Fault {
    fn at(self, path: &Path) -> OpenError {
        let path = path.to_owned();
        match self {
            Fault::Foreign => OpenError::Foreign(path),
            Fault::Version(found) => OpenError::Version(path, found),
            Fault::ReadOnly => OpenError::ReadOnly(path),
            Fault::Damaged(what) => OpenError::Damaged(path, what),
            Fault::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::NotADatabase) => OpenError::Foreign(path),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                    OpenError::Locked(path)
                }
                Some(ErrorCode::CannotOpen) => OpenError::Unreachable(path),
                Some(ErrorCode::ReadOnly) => OpenError::ReadOnly(path),
                Some(ErrorCode::DatabaseCorrupt) => {
                    OpenError::Damaged(path, error.to_string())
                }
                _ => OpenError::Failed(path, error),
            },
        }
    }
}

/// Opens the file, brings it to the newest schema and reads its rooms.
fn prepare(path: &Path) -> Result<(Connection, Vec<Entry>), Fault> {
    let db = Connection::open(path)?;
    db.busy_timeout(BUSY)?;
    // SQLite opens a file without permission to write, and says so when it is written.
    if db.is_readonly(MAIN_DB)? {
        return Err(Fault::ReadOnly);
    }
    // Look before anything is written: another program's file is left as it is.
    // IMMEDIATE, so that a file that is locked or cannot be written says so now and
    // not at the first message.
    let look = Transaction::new_unchecked(&db, TransactionBehavior::Immediate)?;
    let number = |sql| look.query_one(sql, [], |row| row.get::<_, i32>(0));
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    let application = number("PRAGMA application_id")?;
    let version = number("PRAGMA user_version")?;
    drop(look);
    let applied = match (application, usize::try_from(version)) {
        (0, Ok(0)) if tables == 0 => 0,
        (APPLICATION_ID, Ok(applied @ 1..=VERSION)) => applied,
        (APPLICATION_ID, _) => return Err(Fault::Version(version)),
        _ => return Err(Fault::Foreign),
    };
    if applied > 0 && std::fs::metadata(path).is_ok_and(|file| file.len() <= CHECKED) {
        let found = db.query_one("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        let found: String = found;
        if found != "ok" {
            return Err(Fault::Damaged(found.replace('\n', " ")));
        }
    }
    // The write-ahead log makes a commit one append and one fsync. FULL makes that fsync
    // happen at each commit, so that what was acknowledged outlives a power cut too;
    // NORMAL would outlive only the process.
    db.pragma_update(None, "journal_mode", "wal")?;
    db.pragma_update(None, "synchronous", "full")?;
    db.pragma_update(None, "foreign_keys", true)?;
    for (version, migration) in (1_u32..).zip(MIGRATIONS).skip(applied) {
        let step = Transaction::new_unchecked(&db, TransactionBehavior::Immediate)?;
        step.execute_batch(migration)?;
        step.pragma_update(None, "application_id", APPLICATION_ID)?;
        step.pragma_update(None, "user_version", version)?;
        step.commit()?;
    }
    let rooms = entries(&db)?;
    Ok((db, rooms))
}

/// The newest version of the tables.
pub(super) const VERSION: usize = MIGRATIONS.len();

fn entries(db: &Connection) -> rusqlite::Result<Vec<Entry>> {
    let mut rooms = db.prepare(
        "SELECT rooms.slug, rooms.name, nickname, text, at FROM rooms LEFT JOIN messages
         ON id = (SELECT max(id) FROM messages WHERE room = rooms.slug)",
    )?;
    let rooms = rooms.query_map([], |row| {
        let last = match row.get::<_, Option<String>>(2)? {
            Some(nickname) => {
                let text: String = row.get(3)?;
                Some(Last::new(&nickname, &text, row.get(4)?))
            }
            None => None,
        };
        Ok(Entry::new(room(row)?, last))
    })?;
    rooms.collect()
}

fn insert(
    db: &Connection,
    room: &str,
    nickname: &str,
    text: &str,
    key: Option<String>,
) -> Result<Stored, StoreError> {
    let at = now();
    let new = db
        .prepare_cached(
            "INSERT INTO messages (room, nickname, text, at, key)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (room, key) WHERE key IS NOT NULL DO NOTHING
             RETURNING id",
        )?
        .query_row(params![room, nickname, text, at, key], |row| row.get(0))
        .optional()?;
    if let Some(id) = new {
        let meta = Meta { id, at, key };
        return Ok(Stored { meta, again: false });
    }
    let (id, at) = db
        .prepare_cached("SELECT id, at FROM messages WHERE room = ?1 AND key = ?2")?
        .query_one(params![room, key], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let meta = Meta { id, at, key };
    Ok(Stored { meta, again: true })
}

/// Notes for other programs that somebody is in the room.
fn enter_room(db: &Connection, slug: &str) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE rooms SET entered = ?2 WHERE slug = ?1")?
        .execute(params![slug, now()])?;
    Ok(())
}

fn find_room(db: &Connection, slug: &str) -> Result<Option<Room>, StoreError> {
    let mut row = db.prepare_cached("SELECT slug, name FROM rooms WHERE slug = ?1")?;
    Ok(row.query_row([slug], room).optional()?)
}

fn room(row: &rusqlite::Row<'_>) -> rusqlite::Result<Room> {
    Ok(Room {
        slug: row.get(0)?,
        name: row.get(1)?,
    })
}

fn message(row: &rusqlite::Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        id: row.get(0)?,
        nickname: row.get(1)?,
        text: row.get(2)?,
        at: row.get(3)?,
        key: row.get(4)?,
    })
}

/// Milliseconds since 1970; 0 on a machine whose clock is before that.
fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::store::QUEUE_TIMEOUT;

    fn messages(db: &Connection) -> Result<u32, StoreError> {
        Ok(db.query_one("SELECT count(*) FROM messages", [], |row| row.get(0))?)
    }

    /// Jobs that wait together are committed together, and answered only after the commit.
    #[tokio::test]
    async fn one_transaction_takes_all_that_waits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chat.db");
        let store = Sqlite::open(&path).unwrap();
        let lobby = store
            .open_room(Room::named("lobby").unwrap(), None)
            .await
            .unwrap();

        // Hold the thread in a transaction until everything else is queued.
        let (open_gate, gate) = std::sync::mpsc::channel::<()>();
        let held = store.ask(move |_| Ok(gate.recv().is_ok()));
        let (asked, told) =
            (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let senders: Vec<_> = (0..100)
            .map(|number| {
                let (store, room, asked, told) = (
                    store.clone(),
                    lobby.slug.clone(),
                    asked.clone(),
                    told.clone(),
                );
                tokio::spawn(async move {
                    asked.fetch_add(1, Ordering::SeqCst);
                    store
                        .add_message(&room, "ann", &format!("message {number}"), None)
                        .await
                        .unwrap();
                    told.fetch_add(1, Ordering::SeqCst);
                })
            })
            .collect();
        // The test's runtime has one thread: a caller that has asked has queued its message
        // too.
        while asked.load(Ordering::SeqCst) < senders.len() {
            tokio::task::yield_now().await;
        }
        let other = Connection::open(&path).unwrap();
        let seen = store.ask({
            let told = told.clone();
            move |db| {
                Ok((
                    messages(db)?,
                    messages(&other)?,
                    told.load(Ordering::SeqCst),
                ))
            }
        });
        open_gate.send(()).unwrap();

        assert!(held.await.unwrap());
        let (inside, outside, told_before) = seen.await.unwrap();
        assert_eq!(inside, 100, "all are in the transaction");
        assert_eq!(outside, 0, "none is committed yet");
        assert_eq!(told_before, 0, "no answer before the commit");
        for sender in senders {
            sender.await.unwrap();
        }
        assert_eq!(messages(&Connection::open(&path).unwrap()).unwrap(), 100);
    }

    /// A statement that fails takes nothing else with it.
    #[tokio::test]
    async fn one_failure_is_one_askers() {
        let store = Sqlite::open(Path::new(":memory:")).unwrap();
        store
            .open_room(Room::named("lobby").unwrap(), None)
            .await
            .unwrap();
        let (nowhere, lobby) = tokio::join!(
            store.add_message("nowhere", "ann", "hi", None),
            store.add_message("lobby", "ann", "hi", None)
        );
        assert!(
            matches!(nowhere, Err(StoreError::Database(_))),
            "{nowhere:?}"
        );
        assert_eq!(
            store.older("lobby", i64::MAX).await.unwrap()[0].id,
            lobby.unwrap().meta.id
        );
    }

    /// When the commit fails, no caller is told that its work was kept, and the next job is
    /// kept.
    #[tokio::test]
    async fn a_failed_commit_is_a_failure() {
        let store = Sqlite::open(Path::new(":memory:")).unwrap();
        store
            .open_room(Room::named("lobby").unwrap(), None)
            .await
            .unwrap();
        // A foreign key that is checked at the end makes COMMIT itself fail, and leaves
        // the transaction open.
        let broken = store.ask(|db| {
            db.pragma_update(None, "defer_foreign_keys", true)?;
            db.execute("INSERT INTO messages (room, nickname, text, at) VALUES ('nowhere', '', '', 0)", [])?;
            Ok(())
        });
        assert!(matches!(broken.await, Err(StoreError::Database(_))));
        store.add_message("lobby", "ann", "hi", None).await.unwrap();
        assert_eq!(store.older("lobby", i64::MAX).await.unwrap().len(), 1);
    }

    /// A panic in a job is its caller's error. The job's work is undone, the work that other jobs did in the same transaction is kept, and the thread goes on.
    #[tokio::test]
    async fn a_job_that_panics_ends_nothing_else() {
        let store = Sqlite::open(Path::new(":memory:")).unwrap();
        store
            .open_room(Room::named("lobby").unwrap(), None)
            .await
            .unwrap();
        // One transaction for all three: nothing is awaited until all are queued.
        let (open_gate, gate) = std::sync::mpsc::channel::<()>();
        let held = store.ask(move |_| Ok(gate.recv().is_ok()));
        let insert = "INSERT INTO messages (room, nickname, text, at) \
                      VALUES ('lobby', 'ann', 'half done', 0)";
        let panics = store.ask::<(), _>(move |db| {
            db.execute(insert, [])?;
            panic!("this panic is a part of the test")
        });
        let fails = store.ask::<(), _>(move |db| {
            db.execute(insert, [])?;
            Err(StoreError::TooManyRooms)
        });
        let works = store.ask(messages);
        let (kept, ()) =
            tokio::join!(store.add_message("lobby", "ann", "hi", None), async {
                open_gate.send(()).unwrap();
            });
        assert!(held.await.unwrap());
        assert!(matches!(panics.await, Err(StoreError::Panicked)));
        assert!(matches!(fails.await, Err(StoreError::TooManyRooms)));
        assert_eq!(works.await.unwrap(), 0, "nothing half done is seen");
        let history = store.older("lobby", i64::MAX).await.unwrap();
        assert_eq!(history.len(), 1);
        assert_eq!(history[0].id, kept.unwrap().meta.id);
    }

    /// A queue that is full makes askers wait; the wait has an end.
    #[tokio::test(start_paused = true)]
    async fn no_more_jobs_wait_than_there_are_places() {
        let store = Sqlite::open(Path::new(":memory:")).unwrap();
        let (open_gate, gate) = std::sync::mpsc::channel::<()>();
        let held = store.ask(move |_| Ok(gate.recv().is_ok()));
        // The thread takes some of these into the transaction that it holds open.
        let mut waiting = Vec::new();
        while store.0.jobs.capacity() > 0 {
            waiting.push(store.ask(|_| Ok(())));
        }
        assert!(waiting.len() <= 2 * BATCH, "{}", waiting.len());
        let late = store.ask(|_| Ok(()));
        let begun = tokio::time::Instant::now();
        assert!(matches!(late.await, Err(StoreError::Busy)));
        assert_eq!(begun.elapsed().as_secs(), QUEUE_TIMEOUT.as_secs());
        // From here on it is the thread that we wait for.
        tokio::time::resume();
        let patient = store.ask(|_| Ok(()));
        open_gate.send(()).unwrap();
        patient.await.unwrap();
        assert!(held.await.unwrap());
        for job in waiting {
            job.await.unwrap();
        }
    }

    /// The database may not grow beyond this: what a full disk does to SQLite.
    #[tokio::test]
    async fn a_full_database_refuses_and_goes_on_when_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chat.db");
        let store = Sqlite::open(&path).unwrap();
        let lobby = Room::named("lobby").unwrap();
        store.open_room(lobby, None).await.unwrap();
        let limit = async |pages: i64| {
            let set = move |db: &Connection| {
                Ok(db.pragma_update(None, "max_page_count", pages)?)
            };
            store.ask(set).await.unwrap();
        };
        limit(30).await;
        let long = "x".repeat(4000);
        let mut kept = 0;
        let error = loop {
            match store.add_message("lobby", "ann", &long, None).await {
                Ok(_) => kept += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(error.reason(), "The server's disk is full");
        assert_eq!(
            store.older("lobby", i64::MAX).await.unwrap().len(),
            kept.min(50)
        );
        limit(1_000_000).await;
        store
            .add_message("lobby", "ann", &long, None)
            .await
            .unwrap();
        store.check().await.unwrap();
    }
}
