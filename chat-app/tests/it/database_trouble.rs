//! A database that fails while people talk: the disk is full, a file may not grow, or
//! another program holds the lock. Whatever is acknowledged is stored, once, and whatever
//! is refused is not. A refusal has a reason, reading continues, and so does the chat
//! when the trouble is over, without a restart.
#![cfg(target_os = "linux")]

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::common::client::Client;
use crate::common::program::Program;
use crate::common::{self, get, soon};

const SENDERS: usize = 8;
const FLAGS: [&str; 6] = ["--port", "0", "--log", "off", "--no-limits", "--database"];

/// The answers of the server so far.
#[derive(Default)]
struct Answers {
    /// Number and text.
    stored: Vec<(i64, String)>,
    /// Texts, and the senders to whom it happened.
    refused: Vec<String>,
    unlucky: BTreeSet<usize>,
    reasons: BTreeSet<String>,
    enough: bool,
}

/// People who talk all the time.
struct Load {
    answers: Arc<Mutex<Answers>>,
    senders: JoinSet<()>,
}

impl Load {
    fn start(port: u16) -> Self {
        let answers = Arc::new(Mutex::new(Answers::default()));
        let mut senders = JoinSet::new();
        for number in 0..SENDERS {
            senders.spawn(talk(port, number, answers.clone()));
        }
        Self { answers, senders }
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap()
    }

    /// Waits until the answers are as the test wants them.
    async fn until(&self, what: &str, enough: impl Fn(&Answers) -> bool) {
        soon(what, async {
            while !enough(&self.answers()) {
                sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
    }

    /// Waits until this number of further messages is acknowledged.
    async fn stores(&self, more: usize) {
        let before = self.answers().stored.len();
        self.until("acknowledgements", |it| it.stored.len() >= before + more)
            .await;
    }

    /// Waits until each sender has been refused.
    async fn is_refused(&self) {
        self.answers().unlucky.clear();
        self.until("refusals", |it| it.unlucky.len() == SENDERS)
            .await;
    }

    /// Ends it.
    async fn end(&mut self) {
        self.answers().enough = true;
        while let Some(ended) = self.senders.join_next().await {
            ended.unwrap();
        }
    }

    /// Compares what was answered with the database.
    async fn check(mut self, database: &Path) -> BTreeSet<String> {
        self.end().await;
        let db = Connection::open(database).unwrap();
        let mut rows = db.prepare("SELECT text, id FROM messages").unwrap();
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        let rows: Vec<(String, i64)> = rows.unwrap().collect::<Result<_, _>>().unwrap();
        let count = rows.len();
        let table: HashMap<String, i64> = rows.into_iter().collect();
        let answers = self.answers();
        assert_eq!(count, table.len(), "a message is stored once");
        for (number, text) in &answers.stored {
            assert_eq!(table.get(text), Some(number), "{text} was acknowledged");
        }
        for text in &answers.refused {
            assert_eq!(table.get(text), None, "{text} was refused");
        }
        assert_eq!(count, answers.stored.len(), "each was answered");
        answers.reasons.clone()
    }
}

async fn talk(port: u16, sender: usize, answers: Arc<Mutex<Answers>>) {
    let name = format!("sender {sender}");
    let mut client = Client::seated(port, "lobby", &name).await;
    for number in 0.. {
        let text = format!("{name}, message {number}");
        let id = text.replace([' ', ','], "-");
        let answer = client.call("user message", json!([text, id])).await;
        let stored = answer[0] == json!(true);
        {
            let mut answers = answers.lock().unwrap();
            if stored {
                let number = answer[1].as_i64().unwrap();
                answers.stored.push((number, text));
            } else {
                assert_eq!(answer[2], json!("later"), "{answer:?}");
                answers.refused.push(text);
                answers.unlucky.insert(sender);
                let reason = answer[1].as_str().unwrap();
                answers.reasons.insert(reason.to_owned());
            }
            if answers.enough {
                return;
            }
        }
        if !stored {
            sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Everything but storing works: pages, and the history of a room.
async fn reading_continues(port: u16) {
    assert_eq!(get(port, "/", "").await.status, 200);
    let mut reader = Client::connect(port, json!({})).await;
    assert_eq!(reader.call("join", json!(["lobby"])).await, [json!(true)]);
    let history = reader.event("history").await;
    assert_eq!(history[0].as_array().unwrap().len(), 50);
}

async fn health(port: u16) -> u16 {
    get(port, "/health", "").await.status
}

#[tokio::test]
async fn a_lock_held_by_another_program_costs_refusals_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let database = folder.path().join("chat.db");
    let flags = [&FLAGS[..], &[database.to_str().unwrap()]].concat();
    let program = Program::start(&flags).await;
    let load = Load::start(program.port);
    load.stores(100).await;

    let other = Connection::open(&database).unwrap();
    other.busy_timeout(common::DEADLINE).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    load.is_refused().await;
    reading_continues(program.port).await;
    assert_eq!(health(program.port).await, 503);
    other.execute_batch("ROLLBACK").unwrap();

    load.stores(100).await;
    assert_eq!(health(program.port).await, 200);
    let reasons = load.check(&database).await;
    let reason = "That could not be done. Another program holds the server's database";
    assert_eq!(reasons, [reason.to_owned()].into());
}

/// The file-size limit stands for anything that makes a write fail, and unlike a full
/// disk it needs no special rights.
#[tokio::test]
async fn a_file_that_may_not_grow_costs_refusals_and_nothing_else() {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let folder = TempDir::new().unwrap();
    let database = folder.path().join("chat.db");
    let flags = [&FLAGS[..], &[database.to_str().unwrap()]].concat();
    let program = Program::start(&flags).await;
    let limit = |current| {
        let process = Pid::from_raw(program.id().cast_signed());
        let maximum = None;
        prlimit(process, Resource::Fsize, Rlimit { current, maximum }).unwrap()
    };
    let load = Load::start(program.port);
    load.stores(100).await;

    let before = limit(Some(4096));
    load.is_refused().await;
    reading_continues(program.port).await;
    assert_eq!(health(program.port).await, 503);
    limit(before.current);

    load.stores(100).await;
    assert_eq!(health(program.port).await, 200);
    let reasons = load.check(&database).await;
    let reason = "That could not be done. The server's database failed";
    assert_eq!(reasons, [reason.to_owned()].into());
}

/// Needs the right to mount a small disk, in a separate namespace.
#[tokio::test]
async fn a_full_disk_costs_refusals_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let inside = folder.path().join("chat.db");
    let flags = [&FLAGS[..], &[inside.to_str().unwrap()]].concat();
    if let Err(why) = Program::can_mount().await {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{why}");
        eprintln!("skipped: {why}");
        return;
    }
    let program = Program::on_a_small_disk(folder.path(), "8m", &flags).await;
    // The disk, as only the program sees it.
    let root = Path::new("/proc")
        .join(program.id().to_string())
        .join("root");
    let disk = root.join(folder.path().strip_prefix("/").unwrap());
    let mut load = Load::start(program.port);
    load.stores(100).await;

    let filler = disk.join("filler");
    let full = std::fs::write(&filler, vec![0; 16 << 20]).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    load.is_refused().await;
    reading_continues(program.port).await;
    assert_eq!(health(program.port).await, 503);
    std::fs::remove_file(&filler).unwrap();

    load.stores(100).await;
    assert_eq!(health(program.port).await, 200);
    load.end().await;
    // SQLite resolves links, and this one leads to another file outside.
    let copy = folder.path().join("copy.db");
    for (from, to) in [
        ("chat.db", &copy),
        ("chat.db-wal", &copy.with_extension("db-wal")),
    ] {
        std::fs::copy(disk.join(from), to).unwrap();
    }
    let reasons = load.check(&copy).await;
    let reason = "That could not be done. The server's disk is full";
    assert_eq!(reasons, [reason.to_owned()].into());
}
