//! The chat's memory: rooms and messages.
//!
//! A [`Store`] is one of two. SQLite is built in and keeps everything in one file: a chat
//! on one machine needs nothing else. PostgreSQL is for a chat on several servers, which
//! share it (the feature `cluster`). Both promise the same: a message that was
//! acknowledged survives a crash, a message whose page sends it twice is stored once, and
//! numbers grow in the order in which the room's messages were stored.

#[cfg(feature = "cluster")]
mod postgres;
mod sqlite;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::ErrorCode;
use serde::Serialize;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{interval, timeout};

use crate::directory::Directory;
use crate::names::Room;

/// The most rooms a chat has: anyone may add one, so there is an end to it.
pub const MAX_ROOMS: u32 = 1000;
/// The most messages that are read at once, for a history.
pub const HISTORY: u32 = 50;
/// The most text in a history, in bytes: it has to fit, with room to spare, into what may
/// wait for one reader.
pub const HISTORY_BYTES: usize = 256 * 1024;

/// How long to wait for a place.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(10);

/// How much is kept. Everything by default.
#[derive(Debug, Clone, Copy, Default)]
pub struct Keep {
    /// The most messages of one room.
    pub messages: Option<u32>,
    /// The age of the oldest message, in days.
    pub days: Option<u32>,
}

/// A message as it is kept, and as `history` carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Grows with every message of the chat: the order of a room.
    pub id: i64,
    /// The nickname of its author.
    pub nickname: String,
    /// The text, as typed.
    pub text: String,
    /// When it was stored, in milliseconds since 1970.
    pub at: i64,
    /// The id that the author's page gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// The part of a message that the store adds: `msg_to_room` carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Meta {
    /// As [`Message::id`].
    pub id: i64,
    /// As [`Message::at`].
    pub at: i64,
    /// As [`Message::key`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A message that is in the table now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its number, its time and its key.
    pub meta: Meta,
    /// It was there before: its page asks a second time.
    pub again: bool,
}

/// The address that opens a room, for the limit on rooms of one address.
#[derive(Debug, Clone, Copy)]
pub struct Maker {
    /// Stands for the address.
    pub address: u64,
    /// How many rooms it may have made.
    pub at_most: usize,
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
    /// The file was written by a later version of this program.
    #[error("{0}: schema version {1}, and this program knows only versions up to {version}", version = sqlite::VERSION)]
    Version(PathBuf, i32),
    /// The system refused a thread.
    #[error("{0}: no thread for the database: {1}")]
    Thread(PathBuf, std::io::Error),
    /// No such folder, or no permission.
    #[error("{0}: cannot be opened or created")]
    Unreachable(PathBuf),
    /// The file, or its folder, cannot be written.
    #[error("{0}: cannot be written")]
    ReadOnly(PathBuf),
    /// The file is not whole.
    #[error("{0}: damaged: {1}")]
    Damaged(PathBuf, String),
    /// Everything else: a full disk, a damaged file.
    #[error("{0}: {1}")]
    Failed(PathBuf, rusqlite::Error),
    /// A database on a server cannot be used. The address is without its password.
    #[error("{0}: {1}")]
    Server(String, String),
}

/// Why the store did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// There are [`MAX_ROOMS`] rooms already.
    #[error("There are too many rooms")]
    TooManyRooms,
    /// This address has made as many rooms as it may: [`Maker::at_most`].
    #[error("Your network has made as many rooms as it may")]
    TooManyOfOne,
    /// The database failed: disk full, file damaged.
    #[error("the database failed: {0}")]
    Database(Arc<rusqlite::Error>),
    /// The PostgreSQL server failed, or cannot be reached.
    #[cfg(feature = "cluster")]
    #[error("the database failed: {0}")]
    Server(postgres::Failure),
    /// The file is not the one that was opened: deleted, or replaced.
    #[error("the database file was moved, deleted or replaced")]
    Moved,
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

impl StoreError {
    /// The reason in words for the people in the chat.
    pub fn reason(&self) -> &'static str {
        let code = match self {
            StoreError::Database(error) => error.sqlite_error_code(),
            StoreError::Busy => return "The server is too busy",
            StoreError::Closed => return "The server is about to stop",
            #[cfg(feature = "cluster")]
            StoreError::Server(failure) => return failure.reason(),
            _ => None,
        };
        match code {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                "Another program holds the server's database"
            }
            Some(ErrorCode::DiskFull) => "The server's disk is full",
            Some(ErrorCode::ReadOnly) => "The server's database cannot be written",
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                "The server's database is damaged"
            }
            _ => "The server's database failed",
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::Database(Arc::new(error))
    }
}

/// The rooms and messages of a chat. A cheap handle: clone it.
#[derive(Clone)]
pub struct Store(Backend);

#[derive(Clone)]
enum Backend {
    Sqlite(sqlite::Sqlite),
    #[cfg(feature = "cluster")]
    Postgres(postgres::Postgres),
}

/// Calls the same method of whichever backend it is.
macro_rules! backend {
    ($store:expr, $of:ident => $call:expr) => {
        match &$store.0 {
            Backend::Sqlite($of) => $call,
            #[cfg(feature = "cluster")]
            Backend::Postgres($of) => $call,
        }
    };
}

impl Store {
    /// Opens a database file, or makes a new one, and keeps everything. `:memory:` keeps it
    /// in memory, for as long as the program runs.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the file.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::open_and_keep(path, Keep::default())
    }

    /// [`Store::open`] with limits on how much is kept, which [`Store::prune`] applies.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the file.
    pub fn open_and_keep(path: &Path, keep: Keep) -> Result<Self, OpenError> {
        let sqlite = sqlite::Sqlite::open_and_keep(path, keep)?;
        Ok(Self(Backend::Sqlite(sqlite)))
    }

    /// Opens a file, or connects to the PostgreSQL server of a `postgres://` address.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong.
    #[cfg_attr(
        not(feature = "cluster"),
        expect(clippy::unused_async, reason = "only a server is waited for")
    )]
    pub async fn at(database: &Path, keep: Keep) -> Result<Self, OpenError> {
        let Some(address) = server(database) else {
            return Self::open_and_keep(database, keep);
        };
        #[cfg(feature = "cluster")]
        {
            let postgres = postgres::Postgres::connect(address, keep).await?;
            Ok(Self(Backend::Postgres(postgres)))
        }
        #[cfg(not(feature = "cluster"))]
        Err(OpenError::Server(
            address.split("://").next().unwrap_or_default().to_owned(),
            "this program was built without PostgreSQL; \
             build it with `--features cluster`"
                .to_owned(),
        ))
    }

    /// Whether this is the address of a PostgreSQL server, and not a file.
    pub fn is_server(database: &Path) -> bool {
        server(database).is_some()
    }

    /// Ends everything that works for the store, and waits for it, whatever other handles
    /// there are. Requests that come later fail. A database file is then complete: a copy
    /// of that one file is a copy of the chat.
    pub async fn close(&self) {
        backend!(self, it => it.close().await);
    }

    /// The rooms, in memory.
    pub fn directory(&self) -> &Arc<Directory> {
        backend!(self, it => it.directory())
    }

    /// How many jobs wait for the writer.
    pub fn queue(&self) -> usize {
        backend!(self, it => it.queue())
    }

    /// Whether the database can be written and read.
    ///
    /// # Errors
    /// [`StoreError`] says why not.
    pub async fn check(&self) -> Result<(), StoreError> {
        backend!(self, it => it.check().await)
    }

    /// The room with this slug, which is made if need be.
    ///
    /// # Errors
    /// [`StoreError::TooManyRooms`], [`StoreError::TooManyOfOne`], or another when the
    /// database fails.
    pub async fn open_room(
        &self,
        wanted: Room,
        maker: Option<Maker>,
    ) -> Result<Room, StoreError> {
        backend!(self, it => it.open_room(wanted, maker).await)
    }

    /// Keeps a message, once: `key` is the id that its page gave it, and the second
    /// message of this key in this room is the first one again. When this returns, the
    /// message survives a crash of the program or of the machine.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails. The message is then not kept, unless it
    /// failed while it was about to say so: whoever asks again with the same key learns
    /// which.
    pub async fn add_message(
        &self,
        room: &str,
        nickname: &str,
        text: &str,
        key: Option<&str>,
    ) -> Result<Stored, StoreError> {
        backend!(self, it => it.add_message(room, nickname, text, key).await)
    }

    /// The room's latest messages, oldest first: at most [`HISTORY`], and no more text
    /// than [`HISTORY_BYTES`].
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn history(&self, room: &str) -> Result<Vec<Message>, StoreError> {
        self.older(room, i64::MAX).await
    }

    /// The room's latest messages before the one with this number, as
    /// [`Store::history`].
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn older(
        &self,
        room: &str,
        before: i64,
    ) -> Result<Vec<Message>, StoreError> {
        backend!(self, it => it.older(room, before).await)
    }

    /// Deletes messages that [`Keep`] does not allow any longer, and empty rooms
    /// without a message that no client has entered for `patience`. `occupied` names the
    /// rooms that are not empty.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; the next call continues.
    pub async fn prune(
        &self,
        occupied: &BTreeSet<Arc<str>>,
        patience: Duration,
    ) -> Result<(), StoreError> {
        backend!(self, it => it.prune(occupied, patience).await)
    }

    /// Other programs write to the same database: from now on their rooms and messages
    /// have to be looked for. Without this the store believes that it is alone.
    pub fn share(&self) {
        backend!(self, it => it.share());
    }

    /// Keeps the directory up to date with what other programs write, if there are any.
    /// Looks each `period`, and ends only when it is dropped.
    pub async fn follow(&self, period: Duration) {
        let mut tick = interval(period);
        loop {
            tick.tick().await;
            if let Err(error) = backend!(self, it => it.refresh().await) {
                tracing::debug!(%error, "the list of rooms may be old");
            }
        }
    }
}

/// The address, if this is one of a PostgreSQL server and not a file's name.
fn server(database: &Path) -> Option<&str> {
    let address = database.to_str()?;
    let is = |scheme| address.starts_with(scheme);
    (is("postgres://") || is("postgresql://")).then_some(address)
}

/// Whether messages can be stored at the moment.
#[derive(Default)]
struct Failing(AtomicBool);

impl Failing {
    /// A transaction has ended: counts it, and logs the first failure and the first
    /// success after it.
    fn ended(&self, committed: &Result<(), StoreError>, jobs: usize, took: Duration) {
        metrics::histogram!("chat_store_transaction_seconds").record(took.as_secs_f64());
        metrics::counter!("chat_store_jobs_total").increment(jobs as u64);
        let failed = committed.is_err();
        if failed {
            metrics::counter!("chat_store_failures_total").increment(1);
        }
        let before = self.0.swap(failed, Ordering::AcqRel);
        match committed {
            Err(error) if !before => {
                tracing::error!(%error, lost = jobs, "nothing can be stored");
            }
            Ok(()) if before => tracing::info!("messages are stored again"),
            _ => {}
        }
    }
}

/// Queues a job, at once if there is a place, and waits for its result.
fn queue<J, T>(
    jobs: &mpsc::Sender<J>,
    job: J,
    told: oneshot::Receiver<Result<T, StoreError>>,
) -> impl Future<Output = Result<T, StoreError>> + use<J, T> {
    let queued = jobs.try_send(job);
    let jobs = jobs.clone();
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
