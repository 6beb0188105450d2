//! The store: messages are kept, and a file that cannot be used is refused with a reason.

use std::path::Path;

use chat_app::names::Room;
use chat_app::store::{OpenError, Store, StoreError};
use rusqlite::Connection;
use tempfile::TempDir;

async fn add_room(store: &Store, name: &str) -> Room {
    store
        .open_room(Room::named(name).unwrap(), None)
        .await
        .unwrap()
}

/// After a clean end one file is all: a copy of it is a copy of the chat.
#[tokio::test]
async fn a_closed_store_is_one_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("chat.db");
    let store = Store::open(&path).unwrap();
    add_room(&store, "lobby").await;
    store
        .add_message("lobby", "ann", "one", None)
        .await
        .unwrap();
    let other_handle = store.clone();
    store.close().await;
    let files: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name())
        .collect();
    assert_eq!(files, ["chat.db"]);
    let refused = other_handle.add_message("lobby", "ann", "two", None).await;
    assert!(matches!(refused, Err(StoreError::Closed)), "{refused:?}");
    store.close().await;

    let copy = folder.path().join("copy.db");
    std::fs::copy(&path, &copy).unwrap();
    let history = Store::open(&copy).unwrap().history("lobby").await.unwrap();
    assert_eq!(history[0].text, "one");
}

fn refusal(path: &Path) -> OpenError {
    Store::open(path).err().expect("this file must be refused")
}

#[test]
fn what_is_not_ours_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();

    let text = folder.path().join("text.db");
    std::fs::write(
        &text,
        "not a database, though longer than a database's header. ".repeat(20),
    )
    .unwrap();
    assert!(matches!(refusal(&text), OpenError::Foreign(_)));

    let others = folder.path().join("others.db");
    Connection::open(&others)
        .unwrap()
        .execute_batch("CREATE TABLE photos (id)")
        .unwrap();
    let before = std::fs::read(&others).unwrap();
    assert!(matches!(refusal(&others), OpenError::Foreign(_)));
    assert_eq!(std::fs::read(&others).unwrap(), before);

    let nowhere = folder.path().join("no/such/folder/chat.db");
    assert!(matches!(refusal(&nowhere), OpenError::Unreachable(_)));
    assert!(matches!(refusal(folder.path()), OpenError::Unreachable(_)));
}

#[test]
fn a_later_version_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("chat.db");
    drop(Store::open(&path).unwrap());
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let said = refusal(&path).to_string();
    assert_eq!(
        said,
        format!(
            "{}: schema version 99, and this program knows only versions up to 3",
            path.display()
        )
    );
}

#[test]
fn a_locked_file_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("chat.db");
    drop(Store::open(&path).unwrap());
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    assert!(matches!(refusal(&path), OpenError::Locked(_)));
    other.execute_batch("ROLLBACK").unwrap();
    assert!(Store::open(&path).is_ok());
}

/// A file of the first version is brought to the newest, with its messages.
#[tokio::test]
async fn an_older_schema_is_migrated() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("chat.db");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(
        "CREATE TABLE rooms (slug TEXT PRIMARY KEY, name TEXT NOT NULL)
             STRICT, WITHOUT ROWID;
         CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT,
             room TEXT NOT NULL REFERENCES rooms (slug), nickname TEXT NOT NULL,
             text TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
         CREATE INDEX messages_of_room ON messages (room, id);
         INSERT INTO rooms VALUES ('lobby', 'Lobby');
         INSERT INTO messages VALUES (7, 'lobby', 'ann', 'old', 1000);
         PRAGMA application_id = 0x43484154;
         PRAGMA user_version = 1;",
    )
    .unwrap();
    drop(old);
    let store = Store::open(&path).unwrap();
    let new = store
        .add_message("lobby", "ann", "new", Some("k"))
        .await
        .unwrap();
    let again = store
        .add_message("lobby", "ann", "new", Some("k"))
        .await
        .unwrap();
    assert_eq!((again.meta, again.again), (new.meta, true));
    let texts: Vec<_> = store.history("lobby").await.unwrap();
    let texts: Vec<_> = texts.iter().map(|it| (it.id, it.text.as_str())).collect();
    assert_eq!(texts, [(7, "old"), (8, "new")]);
    let last = store.directory().room("lobby").unwrap().last.unwrap();
    assert_eq!(last.text, "new");
    store.close().await;
    drop(Store::open(&path).unwrap());
}

/// Another program holds the database for writing. Pages and histories are read all the
/// same, a message is refused with the reason, and the next one is kept.
#[tokio::test]
async fn reads_go_on_while_the_database_is_locked() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("chat.db");
    let store = Store::open(&path).unwrap();
    add_room(&store, "lobby").await;
    store
        .add_message("lobby", "ann", "one", None)
        .await
        .unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = {
        let store = store.clone();
        tokio::spawn(async move { store.add_message("lobby", "ann", "two", None).await })
    };
    for _ in 0..20 {
        assert_eq!(store.history("lobby").await.unwrap().len(), 1);
        assert_eq!(add_room(&store, "lobby").await.slug, "lobby");
    }
    let error = refused.await.unwrap().unwrap_err();
    assert_eq!(
        error.reason(),
        "Another program holds the server's database"
    );
    assert!(store.check().await.is_err(), "not healthy");
    other.execute_batch("ROLLBACK").unwrap();
    store.check().await.unwrap();
    store
        .add_message("lobby", "ann", "three", None)
        .await
        .unwrap();
    assert_eq!(store.history("lobby").await.unwrap().len(), 2);
}

/// A database that was deleted or replaced would take messages that are never seen again.
#[cfg(unix)]
#[tokio::test]
async fn a_file_that_was_moved_away_takes_no_messages_until_it_is_back() {
    let folder = TempDir::new().unwrap();
    let (path, away) = (folder.path().join("chat.db"), folder.path().join("away"));
    let store = Store::open(&path).unwrap();
    add_room(&store, "lobby").await;
    std::fs::rename(&path, &away).unwrap();
    let refused = store.add_message("lobby", "ann", "lost", None).await;
    assert!(matches!(refused, Err(StoreError::Moved)), "{refused:?}");
    std::fs::write(&path, "something else").unwrap();
    let refused = store.add_message("lobby", "ann", "lost", None).await;
    assert!(matches!(refused, Err(StoreError::Moved)), "{refused:?}");
    std::fs::rename(&away, &path).unwrap();
    store
        .add_message("lobby", "ann", "kept", None)
        .await
        .unwrap();
    assert_eq!(store.history("lobby").await.unwrap().len(), 1);
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("chat.db");
    drop(Store::open(&path).unwrap());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
    if std::fs::File::options().append(true).open(&path).is_ok() {
        eprintln!("skipped: this user may write everything");
        return;
    }
    assert!(matches!(refusal(&path), OpenError::ReadOnly(_)));
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("chat.db");
    let store = Store::open(&path).unwrap();
    add_room(&store, "lobby").await;
    for number in 0..200 {
        let text = format!("message {number}");
        store
            .add_message("lobby", "ann", &text, None)
            .await
            .unwrap();
    }
    store.close().await;
    let mut bytes = std::fs::read(&path).unwrap();
    // Every page but the first, which has the schema.
    bytes[4096..].fill(0x5A);
    std::fs::write(&path, &bytes).unwrap();
    let error = refusal(&path);
    assert!(matches!(error, OpenError::Damaged(..)), "{error}");
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
}
