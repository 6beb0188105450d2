//! What the chat remembers: rooms and messages, in one SQLite file.
//!
//! A message that was acknowledged is on the disk. That costs an `fsync`, a few
//! milliseconds, which is far too slow for one message at a time and wrong for an async
//! worker to wait through. So one thread owns the database. It takes all that is waiting
//! into one transaction, commits, and only then tells each asker: a hundred messages that
//! arrive together cost one `fsync` (group commit), and a message alone waits for nobody.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{
    Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior, params,
};
use serde::Serialize;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::names::Room;

/// The most rooms a chat has: anyone may add one, so there is an end to it.
pub const MAX_ROOMS: u32 = 1000;
/// The most messages in a room's history, as sent to whoever joins.
pub const HISTORY: u32 = 50;
/// The most text in a history, in bytes: it has to fit, with room to spare, into what may
/// wait for one reader.
pub const HISTORY_BYTES: usize = 256 * 1024;

/// The most jobs in a transaction: an end to how long the first of them waits. As many
/// can wait for the next transaction; a caller that finds the queue full waits for a
/// place in it.
const BATCH: usize = 1000;
/// How long to wait for a place.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait for another process that holds the database.
const BUSY: Duration = Duration::from_secs(2);
/// Marks the file as ours, "CHAT" in ASCII (SQLite's `application_id`).
const APPLICATION_ID: i32 = 0x4348_4154;
/// The version of the tables below (SQLite's `user_version`).
const SCHEMA_VERSION: i32 = 1;
const SCHEMA: &str = "
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
";

/// A message as it is kept, and as `history` carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Grows with every message of the chat: the order of a room.
    pub id: i64,
    /// Who wrote it.
    pub nickname: String,
    /// What was written.
    pub text: String,
    /// When it was stored, in milliseconds since 1970.
    pub at: i64,
}

/// What the store adds to a message: `msg_to_room` carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Meta {
    /// As [`Message::id`].
    pub id: i64,
    /// As [`Message::at`].
    pub at: i64,
}

/// Why a database was not opened. Each is one line that starts with the path.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file holds something else.
    #[error("{0}: not a chat database")]
    Foreign(PathBuf),
    /// Another process holds the file.
    #[error("{0}: in use by another process")]
    Locked(PathBuf),
    /// The file was written by another version of this program.
    #[error(
        "{0}: schema version {1}, and this program knows only version {SCHEMA_VERSION}"
    )]
    Version(PathBuf, i32),
    /// The system refused a thread.
    #[error("{0}: no thread for the database: {1}")]
    Thread(PathBuf, std::io::Error),
    /// No such folder, or no permission.
    #[error("{0}: cannot be opened or created")]
    Unreachable(PathBuf),
    /// Everything else: a full disk, a damaged file.
    #[error("{0}: {1}")]
    Failed(PathBuf, rusqlite::Error),
}

/// Why the store did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// There are [`MAX_ROOMS`] rooms already.
    #[error("There are too many rooms")]
    TooManyRooms,
    /// The database failed: disk full, file taken away.
    #[error("the database failed: {0}")]
    Database(Arc<rusqlite::Error>),
    /// The queue was full, and no place became free in time.
    #[error("too many requests wait for the database")]
    Busy,
    /// The work itself panicked, and was undone.
    #[error("a request to the database panicked")]
    Panicked,
    /// The store was closed.
    #[error("the database is closed")]
    Closed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::Database(Arc::new(error))
    }
}

/// Something to do inside a transaction. What it returns is called when the transaction's
/// end is known.
type Job = Box<dyn FnOnce(&Begun) -> Answer + Send>;
type Answer = Box<dyn FnOnce(&Committed)>;
type Begun<'a> = Result<&'a Connection, StoreError>;
type Committed = Result<(), StoreError>;

/// The rooms and messages of a chat. A cheap handle: clone it.
#[derive(Clone)]
pub struct Store {
    jobs: mpsc::Sender<Job>,
    /// Tells the thread to end, even while there are handles.
    closing: Arc<AtomicBool>,
}

impl Store {
    /// Opens the database, or makes a new one. `:memory:` keeps everything in memory and
    /// nothing after.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the file.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let db = prepare(path).map_err(|error| error.at(path))?;
        let (jobs, mut queue) = mpsc::channel(BATCH);
        let closing = Arc::new(AtomicBool::new(false));
        let close = closing.clone();
        std::thread::Builder::new()
            .name("store".into())
            .spawn(move || {
                work(&db, &mut queue, &close);
                // In this order: `Store::close` waits for the end of the queue.
                drop(db);
                drop(queue);
            })
            .map_err(|error| OpenError::Thread(path.into(), error))?;
        Ok(Self { jobs, closing })
    }

    /// Ends the thread and closes the database, whatever other handles there are. SQLite
    /// then moves everything from the write-ahead log into the file itself, so a copy of
    /// that one file is a copy of the chat. Requests that come later fail.
    pub async fn close(&self) {
        self.closing.store(true, Ordering::Release);
        // For a thread that has nothing to do and would not look.
        let _ = self.ask(|_| Ok(())).await;
        self.jobs.closed().await;
    }

    /// All rooms, by name.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn rooms(&self) -> Result<Vec<Room>, StoreError> {
        self.ask(|db| {
            let mut rows = db.prepare_cached(
                "SELECT slug, name FROM rooms ORDER BY name COLLATE NOCASE, slug",
            )?;
            rows.query_map([], room)?
                .collect::<Result<_, _>>()
                .map_err(StoreError::from)
        })
        .await
    }

    /// The room at this address, if there is one.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn room(&self, slug: &str) -> Result<Option<Room>, StoreError> {
        let slug = slug.to_owned();
        self.ask(move |db| find_room(db, &slug)).await
    }

    /// The room with this slug, which is made if need be.
    ///
    /// # Errors
    /// [`StoreError::TooManyRooms`], or another when the database fails.
    pub async fn open_room(&self, wanted: Room) -> Result<Room, StoreError> {
        self.ask(move |db| {
            if let Some(room) = find_room(db, &wanted.slug)? {
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
            Ok(wanted)
        })
        .await
    }

    /// Keeps a message. When this returns, the message survives a crash of the program or
    /// of the machine.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; then the message is not kept.
    pub async fn add_message(
        &self,
        room: &str,
        nickname: &str,
        text: &str,
    ) -> Result<Meta, StoreError> {
        let (room, nickname, text) =
            (room.to_owned(), nickname.to_owned(), text.to_owned());
        self.ask(move |db| {
            let at = now();
            db.prepare_cached(
                "INSERT INTO messages (room, nickname, text, at) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![room, nickname, text, at])?;
            Ok(Meta {
                id: db.last_insert_rowid(),
                at,
            })
        })
        .await
    }

    /// The room's latest messages, oldest first: at most [`HISTORY`], and no more text
    /// than [`HISTORY_BYTES`].
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn history(&self, room: &str) -> Result<Vec<Message>, StoreError> {
        let room = room.to_owned();
        self.ask(move |db| {
            let mut rows = db.prepare_cached(
                "SELECT id, nickname, text, at FROM messages WHERE room = ?1 ORDER BY id DESC LIMIT ?2",
            )?;
            let mut latest = Vec::new();
            let mut bytes = 0;
            for message in rows.query_map(params![room, HISTORY], message)? {
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
        let (tell, told) = oneshot::channel();
        let job: Job = Box::new(move |begun| {
            let result = begun.clone().and_then(|db| alone(db, work));
            Box::new(move |committed| {
                // If the asker's connection is gone, nothing receives this. The work is
                // done all the same.
                let _ = tell.send(committed.clone().and(result));
            })
        });
        let queued = self.jobs.try_send(job);
        let jobs = self.jobs.clone();
        async move {
            match queued {
                Ok(()) => {}
                Err(TrySendError::Full(job)) => timeout(QUEUE_TIMEOUT, jobs.send(job))
                    .await
                    .map_err(|_| StoreError::Busy)?
                    .map_err(|_| StoreError::Closed)?,
                Err(TrySendError::Closed(_)) => return Err(StoreError::Closed),
            }
            // A job that the thread never began was dropped, and its sender with it.
            told.await.unwrap_or(Err(StoreError::Closed))
        }
    }
}

/// Does one job of a transaction. If it fails or panics, all that it did is undone, and
/// the others' work is not touched.
fn alone<T>(
    db: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let run = |sql| db.prepare_cached(sql)?.execute([]).map(|_| ());
    run("SAVEPOINT job")?;
    // Unwind safe: what a panic left half done is in the savepoint.
    let result =
        catch_unwind(AssertUnwindSafe(|| work(db))).unwrap_or(Err(StoreError::Panicked));
    if result.is_err() {
        run("ROLLBACK TO job")?;
    }
    run("RELEASE job")?;
    result
}

// ANCHOR: work
/// The store's thread: until the store is closed, or the last handle is dropped, all that
/// waits goes into one transaction.
fn work(db: &Connection, queue: &mut mpsc::Receiver<Job>, closing: &AtomicBool) {
    while let Some(first) = queue.blocking_recv() {
        // IMMEDIATE takes the write lock now, where waiting for another process is
        // allowed, not halfway through.
        let begun = db
            .execute_batch("BEGIN IMMEDIATE")
            .map(|()| db)
            .map_err(StoreError::from);
        let answers: Vec<Answer> = std::iter::once(first)
            .chain(std::iter::from_fn(|| queue.try_recv().ok()).take(BATCH - 1))
            .map(|job| job(&begun))
            .collect();
        let committed =
            begun.and_then(|db| db.execute_batch("COMMIT").map_err(StoreError::from));
        if let Err(error) = &committed {
            tracing::error!(%error, lost = answers.len(), "nothing was stored");
            if !db.is_autocommit() {
                // A failed COMMIT (a full disk) can leave the transaction open, and the
                // next BEGIN would fail on it.
                let _ = db.execute_batch("ROLLBACK");
            }
        }
        for answer in answers {
            answer(&committed);
        }
        if closing.load(Ordering::Acquire) {
            return;
        }
    }
}
// ANCHOR_END: work

/// What can be wrong with a file, before its path is known.
enum Fault {
    Foreign,
    Version(i32),
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
            Fault::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::NotADatabase) => OpenError::Foreign(path),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                    OpenError::Locked(path)
                }
                Some(ErrorCode::CannotOpen) => OpenError::Unreachable(path),
                _ => OpenError::Failed(path, error),
            },
        }
    }
}

/// Opens the file and brings it to the schema.
fn prepare(path: &Path) -> Result<Connection, Fault> {
    let db = Connection::open(path)?;
    db.busy_timeout(BUSY)?;
    // Look before anything is written: another program's file is left as it is.
    // IMMEDIATE, so that a file that is locked or cannot be written says so now and
    // not at the first message.
    let look = Transaction::new_unchecked(&db, TransactionBehavior::Immediate)?;
    let number = |sql| look.query_one(sql, [], |row| row.get::<_, i32>(0));
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    let application = number("PRAGMA application_id")?;
    let version = number("PRAGMA user_version")?;
    drop(look);
    let new = match (application, version, tables) {
        (0, 0, 0) => true,
        (APPLICATION_ID, SCHEMA_VERSION, _) => false,
        (APPLICATION_ID, other, _) => return Err(Fault::Version(other)),
        _ => return Err(Fault::Foreign),
    };
    // The write-ahead log makes a commit one append and one fsync. FULL makes that fsync
    // happen at each commit, so that what was acknowledged outlives a power cut too;
    // NORMAL would outlive only the process.
    db.pragma_update(None, "journal_mode", "wal")?;
    db.pragma_update(None, "synchronous", "full")?;
    db.pragma_update(None, "foreign_keys", true)?;
    if new {
        let make = Transaction::new_unchecked(&db, TransactionBehavior::Immediate)?;
        make.execute_batch(SCHEMA)?;
        make.pragma_update(None, "application_id", APPLICATION_ID)?;
        make.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        make.commit()?;
    }
    Ok(db)
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

    fn messages(db: &Connection) -> Result<u32, StoreError> {
        Ok(db.query_one("SELECT count(*) FROM messages", [], |row| row.get(0))?)
    }

    /// What waits together is committed together, and nobody is told before the commit.
    #[tokio::test]
    async fn one_transaction_takes_all_that_waits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chat.db");
        let store = Store::open(&path).unwrap();
        let lobby = store
            .open_room(Room::named("lobby").unwrap())
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
                        .add_message(&room, "ann", &format!("message {number}"))
                        .await
                        .unwrap();
                    told.fetch_add(1, Ordering::SeqCst);
                })
            })
            .collect();
        // The test's runtime has one thread: whoever has asked has queued its message
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
        assert_eq!(told_before, 0, "nobody is told before the commit");
        for sender in senders {
            sender.await.unwrap();
        }
        assert_eq!(messages(&Connection::open(&path).unwrap()).unwrap(), 100);
    }

    /// A statement that fails takes nothing else with it.
    #[tokio::test]
    async fn one_failure_is_one_askers() {
        let store = Store::open(Path::new(":memory:")).unwrap();
        store
            .open_room(Room::named("lobby").unwrap())
            .await
            .unwrap();
        let (nowhere, lobby) = tokio::join!(
            store.add_message("nowhere", "ann", "hi"),
            store.add_message("lobby", "ann", "hi")
        );
        assert!(
            matches!(nowhere, Err(StoreError::Database(_))),
            "{nowhere:?}"
        );
        assert_eq!(
            store.history("lobby").await.unwrap()[0].id,
            lobby.unwrap().id
        );
    }

    /// When the commit fails, nobody is told that it was kept, and what comes next is
    /// kept.
    #[tokio::test]
    async fn a_failed_commit_is_a_failure() {
        let store = Store::open(Path::new(":memory:")).unwrap();
        store
            .open_room(Room::named("lobby").unwrap())
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
        store.add_message("lobby", "ann", "hi").await.unwrap();
        assert_eq!(store.history("lobby").await.unwrap().len(), 1);
    }

    /// A panic in a job is its caller's error. The job's work is undone, the work that other jobs did in the same transaction is kept, and the thread goes on.
    #[tokio::test]
    async fn a_job_that_panics_ends_nothing_else() {
        let store = Store::open(Path::new(":memory:")).unwrap();
        store
            .open_room(Room::named("lobby").unwrap())
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
        let (kept, ()) = tokio::join!(store.add_message("lobby", "ann", "hi"), async {
            open_gate.send(()).unwrap();
        });
        assert!(held.await.unwrap());
        assert!(matches!(panics.await, Err(StoreError::Panicked)));
        assert!(matches!(fails.await, Err(StoreError::TooManyRooms)));
        assert_eq!(works.await.unwrap(), 0, "nothing half done is seen");
        let history = store.history("lobby").await.unwrap();
        assert_eq!(history.len(), 1);
        assert_eq!(history[0].id, kept.unwrap().id);
    }

    /// A queue that is full makes askers wait; the wait has an end.
    #[tokio::test(start_paused = true)]
    async fn no_more_jobs_wait_than_there_are_places() {
        let store = Store::open(Path::new(":memory:")).unwrap();
        let (open_gate, gate) = std::sync::mpsc::channel::<()>();
        let held = store.ask(move |_| Ok(gate.recv().is_ok()));
        // The thread takes some of these into the transaction that it holds open.
        let mut waiting = Vec::new();
        while store.jobs.capacity() > 0 {
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
}
