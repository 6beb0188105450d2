//! The adapter with a log: what Node wrote, read and written again; servers that share a
//! log; clients that come back to another server; and hostile entries.

use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use cluster::bus::{
    Bus, BusError, Connection, Entries, Entry, EntryId, Followed, Follower, Log,
    MemoryBus, Subscription, Topic,
};
use cluster::wire::streams::Streams;
use cluster::wire::{Format, Message, Place};
use cluster::{ClusterConfig, streams_adapters};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use socket_io::testing::{TestClient, TestSocket};
use socket_io::{Io, Namespace, Recovery, SessionRecord};

use crate::scenario::{every_operation, nothing_before, server_with};

/// A line of the golden file.
#[derive(Deserialize)]
struct Line {
    name: String,
    #[serde(flatten)]
    what: What,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum What {
    Entry { entry: Fields },
    Session { session: String, key: String },
    Published { channel: String, base64: String },
}

/// The fields of an entry, in Node's order.
#[derive(Deserialize)]
struct Fields {
    uid: String,
    nsp: String,
    #[serde(rename = "type")]
    kind: String,
    data: String,
}

impl Fields {
    fn entry(self) -> Entry {
        let Self {
            uid,
            nsp,
            kind,
            data,
        } = self;
        Entry::new([("uid", uid), ("nsp", nsp), ("type", kind), ("data", data)])
    }
}

fn lines() -> Vec<Line> {
    let lines = include_str!("../golden/streams.jsonl").lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn place(namespace: &str, node: &str) -> Place {
    Place {
        namespace: namespace.into(),
        node: node.into(),
    }
}

fn rooms(session: &SessionRecord) -> Vec<&str> {
    session.rooms.iter().map(|room| &**room).collect()
}

#[test]
fn what_node_wrote_is_written_the_same() {
    let format = Streams::default();
    let (mut entries, mut sessions, mut published) = (0, 0, 0);
    for Line { name, what } in lines() {
        match what {
            What::Entry { entry } => {
                entries += 1;
                let nsp = entry.nsp.clone();
                let entry = entry.entry();
                let received = format.read_entry(&place(&nsp, "myself"), &entry);
                let received = received.unwrap().unwrap();
                let from = received.from.unwrap();
                let again = format.entry(&place(&nsp, &from), &received.message);
                assert_eq!(again.unwrap(), entry, "{name}");
            }
            What::Session { session, key } => {
                sessions += 1;
                let session = Bytes::from(session);
                let record = format.read_session(&session).unwrap();
                assert_eq!(rooms(&record), ["tea", "late"]);
                assert_eq!(record.data, json!({ "name": "Ann", "cups": 3 }));
                // The order of the data's fields is the application's.
                let again = format.session(&record).unwrap();
                assert_eq!(again.len(), session.len(), "{name}");
                assert_eq!(format.read_session(&again).unwrap(), record, "{name}");
                assert_eq!(format.session_key(&record.pid), key);
            }
            What::Published { channel, base64 } => {
                published += 1;
                let payload = Bytes::from(BASE64_STANDARD.decode(base64).unwrap());
                let mut parts = channel.split('#').skip(1);
                let nsp = parts.next().unwrap();
                let asker = parts.next().filter(|it| !it.is_empty()).map(str::to_owned);
                let received =
                    format.decode(&place(nsp, "myself"), &channel, &payload, &|_| true);
                let received = received.unwrap().unwrap();
                let at = place(nsp, &received.from.unwrap());
                let again = format
                    .encode(&at, asker.as_ref(), &received.message)
                    .unwrap();
                assert_eq!(again.channel, channel, "{name}");
                // The order of a description's fields is JavaScript's own.
                if !(name == "fetch sockets"
                    && matches!(received.message, Message::Answer(..)))
                {
                    assert_eq!(again.payload, payload, "{name}");
                }
            }
        }
    }
    assert_eq!((entries, sessions, published), (14, 1, 11));
}

#[test]
fn hostile_entries_are_errors_and_unknown_types_are_not() {
    let format = Streams::default();
    let read = |fields: &[(&str, &str)]| {
        let fields = fields
            .iter()
            .map(|(name, value)| (*name, Bytes::copy_from_slice(value.as_bytes())));
        format.read_entry(&place("/", "myself"), &Entry::new(fields))
    };
    let with =
        |kind, data| read(&[("uid", "x"), ("nsp", "/"), ("type", kind), ("data", data)]);
    let event = r#"{"packet":{"type":2,"data":["x"]},"opts":{"rooms":[],"except":[]}}"#;
    assert!(with("3", event).unwrap().is_some());

    // Without a namespace, or with another, an entry is not for us.
    assert_eq!(read(&[]).unwrap(), None);
    assert_eq!(
        read(&[("uid", "x"), ("nsp", "/other"), ("type", "?")]).unwrap(),
        None
    );
    assert!(read(&[("nsp", "/"), ("type", "3"), ("data", event)]).is_err());
    assert!(read(&[("uid", "x"), ("nsp", "/"), ("data", event)]).is_err());
    assert!(read(&[("uid", "x"), ("nsp", "/"), ("type", "3")]).is_err());
    for kind in ["", "three", "-3", "3.5", "99999999999999999999"] {
        assert!(with(kind, event).is_err(), "{kind}");
    }
    for kind in ["0", "1", "2", "14", "99"] {
        assert_eq!(with(kind, event).unwrap(), None, "{kind}");
    }
    let deep = format!(
        r#"{{"packet":{{"type":2,"data":["x",{}"#,
        "[".repeat(1_000_000)
    );
    for data in [
        "{",
        "{}",
        "[]",
        "7",
        "not Base64!",
        "AAAA",
        &deep,
        r#"{"packet":7,"opts":{}}"#,
        r#"{"packet":{"type":"2","data":["x"]},"opts":{}}"#,
        r#"{"packet":{"type":2,"data":"x"},"opts":{}}"#,
        r#"{"packet":{"type":2,"data":[7]},"opts":{}}"#,
        r#"{"packet":{"type":2,"data":["x"]}}"#,
        r#"{"packet":{"type":2,"data":["x"]},"opts":{"rooms":"tea"}}"#,
    ] {
        assert!(with("3", data).is_err(), "{data:.60}");
    }
    // A program for Node can name a room by a number.
    let number = r#"{"packet":{"type":2,"data":["x"]},"opts":{"rooms":[42]}}"#;
    let Message::Broadcast(_, to) = with("3", number).unwrap().unwrap().message else {
        panic!("not a broadcast");
    };
    assert_eq!(to.rooms, ["42"]);
    let mut small = Streams::default();
    small.limits.max_bytes = 1_000;
    for data in [format!("{{{}}}", " ".repeat(1_000)), "A".repeat(1_400)] {
        let entry = Entry::new([
            ("uid", "x".to_owned()),
            ("nsp", "/".into()),
            ("type", "3".into()),
            ("data", data),
        ]);
        let error = small.read_entry(&place("/", "myself"), &entry).unwrap_err();
        assert!(
            matches!(error, cluster::wire::WireError::TooLarge(_)),
            "{error}"
        );
    }
}

#[test]
fn hostile_sessions_are_errors() {
    let format = Streams::default();
    let read = |value: Value| {
        let bytes = socket_io::msgpack::encode(&value.to_string(), &[]).unwrap();
        format.read_session(&BASE64_STANDARD.encode(bytes).into())
    };
    let id = "abcdefghijklmnopqrst";
    let good = json!({ "sid": id, "pid": "p", "rooms": [id, "tea", 42], "data": {} });
    assert_eq!(rooms(&read(good.clone()).unwrap()), ["tea", "42"]);
    for field in ["sid", "pid", "rooms"] {
        let mut bad = good.clone();
        bad.as_object_mut().unwrap().remove(field);
        assert!(read(bad.clone()).is_err(), "no {field}");
        bad[field] = json!({});
        assert!(read(bad).is_err(), "{field} is not text");
    }
    for text in ["", "!", "AAAA", "gg=="] {
        assert!(format.read_session(&text.into()).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn no_change_to_an_entry_of_node_panics(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let entries = lines().into_iter().filter_map(|line| match line.what {
            What::Entry { entry } => Some(entry),
            _ => None,
        });
        let mut entries: Vec<_> = entries.collect();
        let fields = entries.swap_remove(which.index(entries.len()));
        let nsp = fields.nsp.clone();
        let mut entry = fields.entry();
        let mut data = entry.fields[3].1.to_vec();
        *at.get_mut(&mut data) = byte;
        entry.fields[3].1 = data.into();
        let _ = Streams::default().read_entry(&place(&nsp, "myself"), &entry);
    }
}

// --- Servers with a log in memory ---

/// A log over a network: others go on while an answer is on its way.
struct Slow(Connection);

impl Bus for Slow {
    fn publish(&self, channel: &str, payload: Bytes) -> Result<(), BusError> {
        self.0.publish(channel, payload)
    }

    fn subscribe(&self, topics: Vec<Topic>) -> Subscription {
        self.0.subscribe(topics)
    }

    fn subscribers(&self, channel: &str) -> BoxFuture<'_, Result<usize, BusError>> {
        self.0.subscribers(channel)
    }
}

impl Log for Slow {
    fn append(&self, entry: Entry) -> Result<(), BusError> {
        self.0.append(entry)
    }

    fn follow(&self) -> Follower {
        self.0.follow()
    }

    fn read(
        &self,
        from: EntryId,
        most: usize,
    ) -> BoxFuture<'_, Result<Entries, BusError>> {
        async move {
            let entries = self.0.read(from, most).await;
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            entries
        }
        .boxed()
    }

    fn keep(&self, key: &str, value: Bytes, period: Duration) -> Result<(), BusError> {
        self.0.keep(key, value, period)
    }

    fn take(&self, key: &str) -> BoxFuture<'_, Result<Option<Bytes>, BusError>> {
        self.0.take(key)
    }

    fn flush(&self) -> BoxFuture<'_, ()> {
        self.0.flush()
    }
}

struct Server {
    io: Io,
    chat: Namespace,
    line: Connection,
}

fn start(bus: &MemoryBus, name: &str) -> Server {
    let line = bus.connect(name);
    let config = ClusterConfig {
        name: Some(name.into()),
        ..ClusterConfig::default()
    };
    let log = Slow(line.clone());
    let adapters = streams_adapters(log, Streams::default(), config);
    let (io, chat) = server_with(adapters, Some(Recovery::default()));
    Server { io, chat, line }
}

fn two() -> (MemoryBus, Server, Server) {
    let bus = MemoryBus::new();
    let (one, two) = (start(&bus, "one"), start(&bus, "two"));
    (bus, one, two)
}

async fn enter(server: &Server, room: &str) -> (TestClient, TestSocket) {
    let client = TestClient::new(&server.io).patience(Duration::from_secs(30));
    let socket = client.join("/chat").await;
    assert!(socket.ask::<bool>("join", room).await);
    (client, socket)
}

/// The client is gone, and its server has noticed.
async fn vanish(client: &TestClient, socket: &mut TestSocket, server: &Server) {
    let before = server.chat.count();
    client.cut();
    socket.disconnected().await;
    while server.chat.count() == before {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_operation_reaches_the_other_server() {
    let bus = MemoryBus::new();
    let server = |name: &str| {
        let line = bus.connect(name);
        let config = ClusterConfig::default();
        server_with(streams_adapters(line, Streams::default(), config), None)
    };
    every_operation(&server("one"), &server("two")).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_comes_back_to_another_server_with_its_rooms_and_what_it_missed() {
    let (_bus, one, two) = two();
    let (client, mut ann) = enter(&one, "tea").await;
    let (_bob, mut bob) = enter(&two, "garden").await;
    assert!(ann.ask::<bool>("my name is", "Ann").await);
    let id = ann.id();
    two.chat.to("tea").emit("news", "seen");
    ann.expect::<(String, String)>("news").await;
    vanish(&client, &mut ann, &one).await;

    two.chat.to("tea").emit("news", "missed 1");
    one.chat.to("cake").emit("news", "for the cake");
    two.chat.to("tea").except("tea").emit("news", "for nobody");
    one.chat.volatile().emit("news", "outdated");
    two.io.emit("news", "for another namespace");
    one.chat.emit("news", "missed 2");
    // Server two has been through all of it.
    for text in ["outdated", "missed 2"] {
        assert_eq!(bob.expect::<(String, String)>("news").await.0, text);
    }

    client.move_to(&two.io);
    ann.rejoin().await.unwrap();
    assert!(ann.recovered());
    assert_eq!(ann.id(), id);
    for text in ["missed 1", "missed 2"] {
        assert_eq!(ann.expect::<(String, String)>("news").await.0, text);
    }
    let sockets = one.chat.to("tea").fetch_sockets().await.unwrap();
    assert_eq!(sockets[0].data(), &json!({ "name": "Ann" }));
    one.chat.to("tea").emit("news", "now");
    assert_eq!(ann.expect::<(String, String)>("news").await.0, "now");
    // And back again, on the same line of offsets.
    vanish(&client, &mut ann, &two).await;
    two.chat.to("tea").emit("news", "missed 3");
    client.move_to(&one.io);
    ann.rejoin().await.unwrap();
    assert!(ann.recovered());
    assert_eq!(ann.expect::<(String, String)>("news").await.0, "missed 3");
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_last_event_was_trimmed_away_starts_from_scratch() {
    let (bus, one, two) = two();
    let (client, mut ann) = enter(&one, "tea").await;
    one.chat.to("tea").emit("news", "seen");
    ann.expect::<(String, String)>("news").await;
    vanish(&client, &mut ann, &one).await;
    one.chat.to("tea").emit("news", "missed");
    bus.trim_log(1);
    client.move_to(&two.io);
    let id = ann.rejoin().await.map(|()| ann.id()).unwrap();
    assert!(!ann.recovered(), "it is told");
    assert!(two.chat.socket(&id).unwrap().rooms().is_empty());
    nothing_before(&two.chat, &mut [&mut ann]).await;
}

#[tokio::test(start_paused = true)]
async fn a_session_is_restored_once_and_not_after_its_time() {
    let (_bus, one, two) = two();
    let (client, mut ann) = enter(&one, "tea").await;
    one.chat.to("tea").emit("news", "seen");
    ann.expect::<(String, String)>("news").await;
    vanish(&client, &mut ann, &one).await;
    tokio::time::sleep(Recovery::default().max_disconnection).await;
    client.move_to(&two.io);
    ann.rejoin().await.unwrap();
    assert!(!ann.recovered());
}

#[tokio::test(start_paused = true)]
async fn a_volatile_event_with_a_text_at_its_end_does_not_cost_the_client_its_place() {
    let (_bus, one, two) = two();
    let (client, mut ann) = enter(&one, "tea").await;
    one.chat.to("tea").emit("news", "seen");
    ann.expect::<(String, String)>("news").await;
    // Past the adapter, and through it.
    one.chat
        .socket(ann.id())
        .unwrap()
        .emit_volatile("typing", "Bob");
    ann.expect::<(String, String)>("typing").await;
    two.chat.volatile().emit("typing", "Cat");
    ann.expect::<(String, String)>("typing").await;
    vanish(&client, &mut ann, &one).await;
    one.chat.to("tea").emit("news", "missed");
    client.move_to(&two.io);
    ann.rejoin().await.unwrap();
    assert!(ann.recovered());
    assert_eq!(ann.expect::<(String, String)>("news").await.0, "missed");
}

#[tokio::test(start_paused = true)]
async fn without_the_log_a_server_serves_its_own_clients_and_the_others_hear_later() {
    let (_bus, one, two) = two();
    let (_ann, mut ann) = enter(&one, "tea").await;
    let (_bob, mut bob) = enter(&two, "tea").await;
    one.chat.emit("news", 1);
    ann.expect::<(u32, String)>("news").await;
    bob.expect::<(u32, String)>("news").await;
    one.line.cut();
    for number in 2..5 {
        one.chat.emit("news", number);
        assert_eq!(ann.expect::<(u32, String)>("news").await.0, number);
    }
    two.chat.emit("news", 5);
    assert_eq!(bob.expect::<(u32, String)>("news").await.0, 5);
    one.line.mend();
    // Nothing is lost, and nothing comes twice.
    assert_eq!(ann.expect::<(u32, String)>("news").await.0, 5);
    for number in 2..5 {
        assert_eq!(bob.expect::<(u32, String)>("news").await.0, number);
    }
    one.chat.emit("news", 6);
    assert_eq!(ann.expect::<(u32, String)>("news").await.0, 6);
    assert_eq!(bob.expect::<(u32, String)>("news").await.0, 6);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_entries_that_the_log_does_not_have_yet() {
    let (_bus, one, two) = two();
    let (_bob, mut bob) = enter(&two, "tea").await;
    one.line.cut();
    one.chat.emit("news", "the last words");
    let mut shutdown = Box::pin(one.io.shutdown(Duration::from_secs(20)));
    let early = tokio::time::timeout(Duration::from_secs(10), &mut shutdown).await;
    assert!(
        early.is_err(),
        "the log is away, so the entry is not written"
    );
    one.line.mend();
    let start = tokio::time::Instant::now();
    shutdown.await;
    assert_eq!(start.elapsed(), Duration::ZERO, "it is written at once");
    let (text, _) = bob.expect::<(String, String)>("news").await;
    assert_eq!(text, "the last words");
}

#[tokio::test(start_paused = true)]
async fn hostile_entries_do_not_end_a_server() {
    let (bus, one, _two) = two();
    let (_ann, mut ann) = enter(&one, "tea").await;
    let stranger = bus.connect("stranger");
    for (kind, data) in [
        ("3", "{}"),
        ("x", "{}"),
        ("4", "7"),
        ("8", r#"{"requestId":"q","sockets":[]}"#),
    ] {
        let fields = [
            ("uid", "x"),
            ("nsp", "/chat"),
            ("type", kind),
            ("data", data),
        ];
        stranger.append(Entry::new(fields)).unwrap();
    }
    stranger.append(Entry::default()).unwrap();
    one.chat.emit("news", "still here");
    assert_eq!(ann.expect::<(String, String)>("news").await.0, "still here");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_returns_in_the_middle_of_things_misses_nothing_and_gets_nothing_twice()
 {
    let (_bus, one, two) = two();
    let (client, mut ann) = enter(&one, "tea").await;
    let mut next = 0;
    for round in 0..10 {
        one.chat.to("tea").emit("news", next);
        assert_eq!(ann.expect::<(u32, String)>("news").await.0, next);
        next += 1;
        let (from, to) = if round % 2 == 0 {
            (&one, &two)
        } else {
            (&two, &one)
        };
        vanish(&client, &mut ann, from).await;
        client.move_to(&to.io);
        let speakers = [one.chat.clone(), two.chat.clone()];
        let first = next;
        let speaking = tokio::spawn(async move {
            for number in first..first + 300 {
                speakers[(number % 2) as usize]
                    .to("tea")
                    .emit("news", number);
                if number % 7 == 0 {
                    tokio::task::yield_now().await;
                }
            }
        });
        ann.rejoin().await.unwrap();
        assert!(ann.recovered());
        speaking.await.unwrap();
        for number in first..first + 300 {
            assert_eq!(ann.expect::<(u32, String)>("news").await.0, number);
        }
        next = first + 300;
    }
}

#[tokio::test]
async fn a_follower_starts_at_the_end() {
    let bus = MemoryBus::new();
    let ann = bus.connect("ann");
    ann.append(Entry::new([("say", "before")])).unwrap();
    let mut follower = ann.follow();
    assert!(matches!(follower.next().await, Some(Followed::At(_))));
    ann.append(Entry::new([("say", "after")])).unwrap();
    let Some(Followed::Entry(_, entry)) = follower.next().await else {
        panic!("no entry");
    };
    assert_eq!(entry.text("say"), Some("after"));
}
