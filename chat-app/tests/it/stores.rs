//! What the chat keeps, in whichever database: each of these tests runs with SQLite and,
//! where it is installed, with PostgreSQL (`--features cluster`).

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chat_app::names::Room;
use chat_app::store::{
    HISTORY, HISTORY_BYTES, Keep, MAX_ROOMS, Maker, Store, StoreError, Stored,
};
use tempfile::TempDir;

use crate::common;
#[cfg(feature = "cluster")]
use crate::common::services::Postgres;

/// A database that can be opened more than once.
enum Database {
    File(TempDir),
    #[cfg(feature = "cluster")]
    Server(Box<Postgres>),
}

impl Database {
    fn path(&self) -> PathBuf {
        match self {
            Database::File(folder) => folder.path().join("chat.db"),
            #[cfg(feature = "cluster")]
            Database::Server(postgres) => postgres.address().into(),
        }
    }

    async fn open(&self) -> Store {
        self.open_and_keep(Keep::default()).await
    }

    async fn open_and_keep(&self, keep: Keep) -> Store {
        Store::at(&self.path(), keep).await.unwrap()
    }

    #[cfg_attr(
        not(feature = "cluster"),
        expect(clippy::unused_async, reason = "only a server is waited for")
    )]
    async fn execute(&self, sql: &str) {
        match self {
            Database::File(_) => {
                let db = rusqlite::Connection::open(self.path()).unwrap();
                db.execute_batch(sql).unwrap();
            }
            #[cfg(feature = "cluster")]
            Database::Server(postgres) => postgres.execute(sql).await,
        }
    }

    #[cfg_attr(
        not(feature = "cluster"),
        expect(clippy::unused_async, reason = "only a server is waited for")
    )]
    async fn number(&self, sql: &str) -> i64 {
        match self {
            Database::File(_) => {
                let db = rusqlite::Connection::open(self.path()).unwrap();
                db.query_one(sql, [], |row| row.get(0)).unwrap()
            }
            #[cfg(feature = "cluster")]
            Database::Server(postgres) => postgres.number(sql).await,
        }
    }
}

macro_rules! with_each_database {
    ($($case:ident)*) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $case() {
                super::$case(super::Database::File(tempfile::tempdir().unwrap())).await;
            })*
        }

        #[cfg(all(unix, feature = "cluster"))]
        mod postgres {
            $(#[tokio::test]
            async fn $case() {
                if let Some(postgres) = super::Postgres::start().await {
                    super::$case(super::Database::Server(Box::new(postgres))).await;
                }
            })*
        }
    };
}

with_each_database! {
    messages_outlive_the_store
    history_is_the_end_of_the_rooms_own_messages
    history_is_bounded_in_bytes
    a_slug_is_one_room_and_rooms_have_an_end
    an_address_makes_few_rooms
    old_messages_are_deleted
    a_message_that_is_sent_again_is_the_same_message
    one_refused_message_takes_nothing_with_it
    two_servers_number_the_messages_of_a_room
    a_server_sees_what_another_does
    a_silent_room_with_people_on_another_server_stays
    a_closed_store_refuses
}

async fn add_room(store: &Store, name: &str) -> Room {
    let room = Room::named(name).unwrap();
    store.open_room(room, None).await.unwrap()
}

async fn say(store: &Store, room: &str, text: &str) -> Stored {
    store.add_message(room, "ann", text, None).await.unwrap()
}

/// Says it again, with the same key, for as long as another server holds the database: a
/// lock of a file is not fair, so on a busy machine a store may wait in vain.
async fn say_until_stored(store: &Store, room: &str, text: &str) -> Stored {
    for _ in 0..20 {
        match store.add_message(room, "ann", text, Some(text)).await {
            Err(error) if error.reason().contains("holds the server's database") => {}
            stored => return stored.unwrap(),
        }
    }
    panic!("{text:?} was never stored");
}

async fn texts(store: &Store, room: &str) -> Vec<String> {
    let history = store.history(room).await.unwrap();
    history.into_iter().map(|message| message.text).collect()
}

async fn messages_outlive_the_store(database: Database) {
    let store = database.open().await;
    add_room(&store, "Lobby").await;
    let first = say(&store, "lobby", "one").await.meta;
    let second = store.add_message("lobby", "bob", "two", None).await;
    let second = second.unwrap().meta;
    assert!(first.id < second.id && first.at <= second.at);
    store.close().await;

    let store = database.open().await;
    assert_eq!(store.directory().room("lobby").unwrap().room.name, "Lobby");
    let last = store.directory().room("lobby").unwrap().last.unwrap();
    assert_eq!((&*last.nickname, &*last.text), ("bob", "two"));
    let kept = store.history("lobby").await.unwrap();
    let kept: Vec<_> = kept
        .iter()
        .map(|it| (it.id, it.nickname.as_str(), it.text.as_str()))
        .collect();
    assert_eq!(kept, [(first.id, "ann", "one"), (second.id, "bob", "two")]);
    let third = say(&store, "lobby", "three").await.meta;
    assert!(third.id > second.id, "ids go on where they were");
}

async fn history_is_the_end_of_the_rooms_own_messages(database: Database) {
    let store = database.open().await;
    add_room(&store, "lobby").await;
    add_room(&store, "attic").await;
    for number in 0..HISTORY + 10 {
        say(&store, "lobby", &number.to_string()).await;
        say(&store, "attic", "elsewhere").await;
    }
    let expected: Vec<_> = (10..HISTORY + 10).map(|it| it.to_string()).collect();
    assert_eq!(texts(&store, "lobby").await, expected);
    let first = store.history("lobby").await.unwrap()[0].id;
    let older = store.older("lobby", first).await.unwrap();
    let older: Vec<_> = older.into_iter().map(|message| message.text).collect();
    let expected: Vec<_> = (0..10).map(|it| it.to_string()).collect();
    assert_eq!(older, expected);
}

async fn history_is_bounded_in_bytes(database: Database) {
    let store = database.open().await;
    add_room(&store, "lobby").await;
    let long = "x".repeat(HISTORY_BYTES / 4);
    for _ in 0..6 {
        say(&store, "lobby", &long).await;
    }
    assert_eq!(store.history("lobby").await.unwrap().len(), 4);
}

async fn a_slug_is_one_room_and_rooms_have_an_end(database: Database) {
    let store = database.open().await;
    assert_eq!(
        add_room(&store, "C++").await,
        add_room(&store, "C#").await,
        "the first name stays"
    );
    for number in 1..MAX_ROOMS {
        add_room(&store, &format!("room {number}")).await;
    }
    let one_more = Room::named("one more").unwrap();
    let refused = store.open_room(one_more, None).await;
    assert!(
        matches!(refused, Err(StoreError::TooManyRooms)),
        "{refused:?}"
    );
    assert_eq!(
        add_room(&store, "Room 7").await.name,
        "room 7",
        "those that exist still open"
    );
    assert_eq!(store.directory().count(), MAX_ROOMS as usize);
}

async fn an_address_makes_few_rooms(database: Database) {
    let store = database.open().await;
    let by = |address| Maker {
        address,
        at_most: 2,
    };
    let open = |name: &str, address| {
        let room = Room::named(name).unwrap();
        let store = store.clone();
        async move { store.open_room(room, Some(by(address))).await }
    };
    // An address whose number is negative when it is read as a signed one.
    let address = u64::MAX - 7;
    open("one", address).await.unwrap();
    open("two", address).await.unwrap();
    let refused = open("three", address).await;
    assert!(
        matches!(refused, Err(StoreError::TooManyOfOne)),
        "{refused:?}"
    );
    open("two", address).await.unwrap();
    open("three", 7).await.unwrap();
}

/// Messages are kept by number and by age, and a room whose messages are gone is silent.
async fn old_messages_are_deleted(database: Database) {
    let keep = Keep {
        messages: Some(600),
        days: Some(7),
    };
    let store = database.open_and_keep(keep).await;
    add_room(&store, "lobby").await;
    add_room(&store, "attic").await;
    let all = (0..1800).map(|number| {
        let store = store.clone();
        async move { say(&store, "lobby", &number.to_string()).await }
    });
    let all = futures_util::future::join_all(all).await;
    let latest = all.iter().map(|stored| stored.meta.id).max();
    say(&store, "attic", "long ago").await;
    database
        .execute("UPDATE messages SET at = 1000 WHERE room = 'attic'")
        .await;
    let nobody = BTreeSet::new();
    let patience = Duration::from_secs(600);
    store.prune(&nobody, patience).await.unwrap();
    let lobby = "SELECT count(*) FROM messages WHERE room = 'lobby'";
    assert_eq!(database.number(lobby).await, 600);
    let attic = "SELECT count(*) FROM messages WHERE room = 'attic'";
    assert_eq!(database.number(attic).await, 0);
    let kept = store.history("lobby").await.unwrap();
    assert_eq!(kept.last().map(|it| it.id), latest, "the latest stay");
    assert!(store.directory().room("attic").unwrap().last.is_none());
    store.prune(&nobody, Duration::ZERO).await.unwrap();
    assert!(
        store.directory().room("attic").is_none(),
        "silent and empty"
    );
    assert!(store.directory().room("lobby").is_some());
}

/// Also when both are in the same transaction, and when they come to two servers.
async fn a_message_that_is_sent_again_is_the_same_message(database: Database) {
    let (store, other) = (database.open().await, database.open().await);
    add_room(&store, "lobby").await;
    add_room(&store, "attic").await;
    let again = (0..50).map(|number| {
        let store = if number % 2 == 0 { &store } else { &other };
        store.add_message("lobby", "ann", "hi", Some("key"))
    });
    let all = futures_util::future::join_all(again).await;
    let all: Vec<_> = all.into_iter().map(Result::unwrap).collect();
    let new: Vec<_> = all.iter().filter(|stored| !stored.again).collect();
    assert_eq!(new.len(), 1, "one of them is new: {all:?}");
    assert!(
        all.iter().all(|stored| stored.meta == new[0].meta),
        "{all:?}"
    );
    let elsewhere = store.add_message("attic", "ann", "hi", Some("key")).await;
    assert!(!elsewhere.unwrap().again, "rooms are apart");
    say(&store, "lobby", "hi").await;
    assert!(!say(&store, "lobby", "hi").await.again, "without a key");
    assert_eq!(store.history("lobby").await.unwrap().len(), 3);
}

async fn one_refused_message_takes_nothing_with_it(database: Database) {
    let store = database.open().await;
    add_room(&store, "lobby").await;
    // No transaction has begun: they share one.
    let (nowhere, odd, lobby) = tokio::join!(
        store.add_message("nowhere", "ann", "hi", None),
        store.add_message("lobby", "ann", "a zero: \0", None),
        store.add_message("lobby", "ann", "hi", None),
    );
    assert!(nowhere.is_err(), "{nowhere:?}");
    let kept = if odd.is_ok() { 2 } else { 1 };
    let lobby = lobby.unwrap();
    let history = store.history("lobby").await.unwrap();
    assert_eq!(history.len(), kept);
    assert_eq!(history.last().unwrap().id, lobby.meta.id);
}

/// Numbers grow in the order in which messages can be read: a reader that has seen a
/// number will see no smaller one that is new.
async fn two_servers_number_the_messages_of_a_room(database: Database) {
    const EACH: usize = 150;
    let stores = [database.open().await, database.open().await];
    add_room(&stores[0], "lobby").await;
    let reader = stores[0].clone();
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let reading = tokio::spawn(async move {
        let mut seen: Vec<i64> = Vec::new();
        while stopped.try_recv().is_err() {
            tokio::task::yield_now().await;
            let history = reader.history("lobby").await.unwrap();
            let last = seen.last().copied().unwrap_or(0);
            for message in history {
                if message.id > last {
                    seen.push(message.id);
                } else {
                    assert!(
                        seen.contains(&message.id) || message.id < seen[0],
                        "{} came after {last}",
                        message.id
                    );
                }
            }
        }
    });
    let senders = (0..4).map(|sender| {
        let store = stores[sender % 2].clone();
        tokio::spawn(async move {
            let mut numbers = Vec::new();
            for number in 0..EACH {
                let text = format!("{sender} {number}");
                numbers.push(say_until_stored(&store, "lobby", &text).await.meta.id);
            }
            numbers
        })
    });
    let mut all = BTreeSet::new();
    for sender in senders.collect::<Vec<_>>() {
        let numbers = sender.await.unwrap();
        assert!(numbers.is_sorted(), "in the order of sending");
        all.extend(numbers);
    }
    stop.send(()).unwrap();
    reading.await.unwrap();
    assert_eq!(all.len(), 4 * EACH, "each has its own number");
}

async fn a_server_sees_what_another_does(database: Database) {
    let (one, other) = (database.open().await, database.open().await);
    let follows = Duration::from_millis(20);
    for store in [&one, &other] {
        store.share();
        let store = store.clone();
        tokio::spawn(async move { store.follow(follows).await });
    }
    let until = async |what: &str, done: &dyn Fn() -> bool| {
        common::soon(what, async {
            while !done() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    };
    let last = |slug: &str| other.directory().room(slug).and_then(|it| it.last);
    add_room(&one, "Lobby").await;
    let there = || other.directory().room("lobby").is_some();
    until("a room of another server", &there).await;
    say(&one, "lobby", "hi").await;
    let spoken = || last("lobby").is_some_and(|last| last.text == "hi");
    until("another server's message", &spoken).await;
    say(&other, "lobby", "hello").await;
    say(&one, "lobby", "bye").await;
    let spoken = || last("lobby").is_some_and(|last| last.text == "bye");
    until("the latest message", &spoken).await;

    add_room(&one, "Attic").await;
    let there = || other.directory().room("attic").is_some();
    until("the next room", &there).await;
    one.prune(&BTreeSet::new(), Duration::ZERO).await.unwrap();
    assert!(one.directory().room("attic").is_none());
    let gone = || other.directory().room("attic").is_none();
    until("the end of a room", &gone).await;
    assert!(other.directory().room("lobby").is_some());
}

async fn a_silent_room_with_people_on_another_server_stays(database: Database) {
    let (one, other) = (database.open().await, database.open().await);
    one.share();
    other.share();
    let patience = Duration::from_millis(300);
    let room = add_room(&one, "Attic").await;
    add_room(&one, "Cellar").await;
    let here = BTreeSet::from([Arc::from(room.slug.as_str())]);
    // Longer than the patience, in which the server with the people says that they are
    // there, as it does each minute.
    for _ in 0..4 {
        other.prune(&here, patience).await.unwrap();
        one.prune(&BTreeSet::new(), patience).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(one.directory().room("attic").is_some());
    assert!(one.directory().room("cellar").is_none());
    say(&other, "attic", "we are here").await;
}

async fn a_closed_store_refuses(database: Database) {
    let store = database.open().await;
    add_room(&store, "lobby").await;
    let stored = say(&store, "lobby", "stored").await;
    store.close().await;
    let refused = store.add_message("lobby", "ann", "late", None).await;
    assert!(matches!(refused, Err(StoreError::Closed)), "{refused:?}");
    let refused = store.history("lobby").await;
    assert!(matches!(refused, Err(StoreError::Closed)), "{refused:?}");
    store.close().await;
    let again = database.open().await;
    assert_eq!(again.history("lobby").await.unwrap()[0].id, stored.meta.id);
}

/// Nothing is acknowledged that is not stored, and everything works again when the server
/// is back, without a restart of the chat.
#[cfg(all(unix, feature = "cluster"))]
#[tokio::test]
async fn without_its_server_a_store_refuses_until_it_is_back() {
    let Some(mut postgres) = Postgres::start().await else {
        return;
    };
    let path = PathBuf::from(postgres.address());
    let store = Store::at(&path, Keep::default()).await.unwrap();
    add_room(&store, "lobby").await;
    say(&store, "lobby", "one").await;
    postgres.stop().await;
    for _ in 0..3 {
        let refused = store.add_message("lobby", "ann", "lost", None).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.reason(), "The server's database cannot be reached");
        assert!(store.history("lobby").await.is_err());
        assert!(store.check().await.is_err());
    }
    assert_eq!(add_room(&store, "lobby").await.slug, "lobby", "it is known");
    postgres.start_again().await;
    // A connection that the server has ended is noticed when it is used, at the latest.
    common::soon("the database", async {
        while store.check().await.is_err() {}
    })
    .await;
    say(&store, "lobby", "two").await;
    assert_eq!(texts(&store, "lobby").await, ["one", "two"]);
}

/// An address that cannot be used is refused in one line, without the password in it.
#[cfg(feature = "cluster")]
#[tokio::test]
async fn an_address_that_cannot_be_used_is_refused() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    for (address, expected) in [
        (
            format!("postgres://chat:secret@127.0.0.1:{port}/chat"),
            "refused",
        ),
        (
            "postgres://chat:secret@127.0.0.1:port/chat".to_owned(),
            "port",
        ),
    ] {
        let refused = Store::at(address.as_ref(), Keep::default()).await;
        let refused = refused.err().unwrap().to_string();
        assert!(refused.starts_with("postgres"), "{refused}");
        assert!(refused.contains(expected), "{refused}");
        assert!(!refused.contains("secret"), "{refused}");
        assert_eq!(refused.lines().count(), 1, "{refused}");
    }
}
