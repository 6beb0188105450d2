//! The log in Redis, with a Redis server of its own.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use cluster::bus::{
    Bus, BusError, Entry, Followed, Follower, Log, RedisConfig, RedisStreams,
    StreamConfig,
};
use cluster::wire::streams::Streams;
use cluster::{ClusterConfig, streams_adapters};
use socket_io::testing::{TestClient, TestSocket};
use socket_io::{Io, Namespace, Recovery};
use tokio::time::timeout;

use crate::scenario::{every_operation, server_with};
use crate::support::Redis;

/// Nothing here takes longer, on a busy machine either.
const PATIENCE: Duration = Duration::from_secs(30);

async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let result = timeout(PATIENCE, future).await;
    result.unwrap_or_else(|_| panic!("{what}: nothing in {PATIENCE:?}"))
}

async fn connect(redis: &Redis) -> Arc<RedisStreams> {
    let log = RedisStreams::open(
        &redis.url(),
        RedisConfig::default(),
        StreamConfig::default(),
    );
    let log = Arc::new(log.unwrap());
    log.ready(PATIENCE).await.unwrap();
    log
}

fn say(text: impl ToString) -> Entry {
    Entry::new([("uid", "ann".to_owned()), ("say", text.to_string())])
}

/// The next entry, past whatever is said of the connection.
async fn next(follower: &mut Follower) -> String {
    soon("an entry", async {
        loop {
            match follower.next().await {
                Some(Followed::Entry(_, entry)) => {
                    return entry.text("say").unwrap().to_owned();
                }
                Some(_) => {}
                None => panic!("the log has ended"),
            }
        }
    })
    .await
}

async fn until(follower: &mut Follower, expected: Followed) {
    soon("the connection", async {
        while follower.next().await != Some(expected.clone()) {}
    })
    .await;
}

#[tokio::test]
async fn entries_keep_their_order_and_are_read_again() {
    let Some(redis) = Redis::start() else { return };
    let (ann, bob) = (connect(&redis).await, connect(&redis).await);
    let (mut here, mut there) = (ann.follow(), bob.follow());
    let bytes: Vec<u8> = (0..=255).collect();
    ann.append(Entry::new([("say", bytes.clone())])).unwrap();
    let (id, entry) = soon("an entry", async {
        loop {
            if let Some(Followed::Entry(id, entry)) = there.next().await {
                return (id, entry);
            }
        }
    })
    .await;
    assert_eq!(entry.fields, [("say".to_owned(), bytes.into())]);
    for number in 0..2_000 {
        ann.append(say(number)).unwrap();
    }
    let _bytes = soon("bytes", async {
        while !matches!(here.next().await, Some(Followed::Entry(..))) {}
    })
    .await;
    for number in 0..2_000 {
        assert_eq!(next(&mut here).await, number.to_string());
        assert_eq!(next(&mut there).await, number.to_string());
    }
    let again = bob.read(id, 3).await.unwrap();
    assert_eq!(again[0], (id, entry));
    assert_eq!(again[2].1.text("say"), Some("1"));
}

#[tokio::test]
async fn a_value_is_taken_once_and_expires() {
    let Some(redis) = Redis::start() else { return };
    let (ann, bob) = (connect(&redis).await, connect(&redis).await);
    let kept = async |key: &str| {
        let mut follower = ann.follow();
        ann.append(say("kept")).unwrap();
        next(&mut follower).await;
        bob.take(key).await.unwrap()
    };
    ann.keep("session", "data".into(), PATIENCE).unwrap();
    assert_eq!(kept("session").await, Some("data".into()));
    assert_eq!(bob.take("session").await, Ok(None));
    ann.keep("brief", "data".into(), Duration::from_millis(1))
        .unwrap();
    soon("the end of its time", async {
        while ann.take("brief").await != Ok(None) {}
    })
    .await;
}

#[tokio::test]
async fn a_lost_connection_loses_no_entry_and_doubles_none() {
    let Some(redis) = Redis::start() else { return };
    let (ann, bob) = (connect(&redis).await, connect(&redis).await);
    let (mut here, mut there) = (ann.follow(), bob.follow());
    let client = redis::Client::open(redis.url()).unwrap();
    let killing = tokio::spawn(async move {
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        loop {
            // All of them, but not this one.
            let mut kill = redis::cmd("CLIENT");
            kill.arg("KILL")
                .arg("TYPE")
                .arg("normal")
                .arg("SKIPME")
                .arg("yes");
            kill.query_async::<()>(&mut connection).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let speaking = tokio::spawn(async move {
        for number in 0..5_000 {
            while ann.append(say(number)) == Err(BusError::Full) {
                tokio::task::yield_now().await;
            }
            if number % 50 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        ann
    });
    for number in 0..5_000 {
        if number == 4_000 {
            killing.abort();
        }
        assert_eq!(next(&mut here).await, number.to_string());
        assert_eq!(next(&mut there).await, number.to_string());
    }
    speaking.await.unwrap();
}

#[tokio::test]
async fn a_restart_of_redis_that_keeps_the_stream_loses_nothing() {
    let Some(mut redis) = Redis::start_with_file() else {
        return;
    };
    let (ann, bob) = (connect(&redis).await, connect(&redis).await);
    let (mut here, mut there) = (ann.follow(), bob.follow());
    ann.append(say("before")).unwrap();
    assert_eq!(next(&mut here).await, "before");
    assert_eq!(next(&mut there).await, "before");
    redis.stop();
    until(&mut here, Followed::Away).await;
    for number in 0..100 {
        ann.append(say(number)).unwrap();
    }
    redis.restart();
    until(&mut there, Followed::Back).await;
    for number in 0..100 {
        assert_eq!(next(&mut there).await, number.to_string());
        assert_eq!(next(&mut here).await, number.to_string());
    }
}

#[tokio::test]
async fn the_queue_is_bounded_in_entries_and_bytes() {
    let Some(redis) = Redis::start() else { return };
    let config = RedisConfig {
        max_queue: 3,
        max_queue_bytes: 100,
        ..RedisConfig::default()
    };
    let log = RedisStreams::open(&redis.url(), config, StreamConfig::default()).unwrap();
    log.ready(PATIENCE).await.unwrap();
    let entry = |size: usize| Entry::new([("s", vec![0; size])]);
    assert_eq!(log.append(entry(100)), Err(BusError::Full));
    for _ in 0..3 {
        log.append(entry(10)).unwrap();
    }
    assert_eq!(log.append(entry(0)), Err(BusError::Full));
    soon("the queue is sent", async {
        while log.append(entry(90)) == Err(BusError::Full) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

// --- Servers ---

struct Server {
    io: Io,
    chat: Namespace,
    log: Arc<RedisStreams>,
}

async fn start(redis: &Redis) -> Server {
    let log = connect(redis).await;
    let adapters =
        streams_adapters(log.clone(), Streams::default(), ClusterConfig::default());
    let (io, chat) = server_with(adapters, Some(Recovery::default()));
    Server { io, chat, log }
}

async fn two(redis: &Redis) -> (Server, Server) {
    let (one, two) = (start(redis).await, start(redis).await);
    for server in [&one, &two] {
        soon("both servers are there", async {
            while server.chat.server_count().await != Ok(2) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
    (one, two)
}

async fn enter(server: &Server) -> (TestClient, TestSocket) {
    let client = TestClient::new(&server.io).patience(PATIENCE);
    let socket = client.join("/chat").await;
    assert!(socket.ask::<bool>("join", "tea").await);
    (client, socket)
}

async fn hears(socket: &mut TestSocket, text: &str) {
    assert_eq!(socket.expect::<(String, String)>("news").await.0, text);
}

/// The client is gone, and its session is in Redis.
async fn vanish(client: &TestClient, socket: &mut TestSocket, server: &Server) {
    let before = server.chat.count();
    client.cut();
    socket.disconnected().await;
    soon("the server notices", async {
        while server.chat.count() == before {
            tokio::task::yield_now().await;
        }
    })
    .await;
    // What is written after it has been read.
    let mut follower = server.log.follow();
    server.log.append(say("a mark")).unwrap();
    next(&mut follower).await;
}

#[tokio::test]
async fn every_operation_reaches_the_other_server() {
    let Some(redis) = Redis::start() else { return };
    let mut servers = Vec::new();
    for _ in 0..2 {
        let log = connect(&redis).await;
        let adapters =
            streams_adapters(log, Streams::default(), ClusterConfig::default());
        servers.push(server_with(adapters, None));
    }
    for (_, chat) in &servers {
        soon("both servers are there", async {
            while chat.server_count().await != Ok(2) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
    soon("all of it", every_operation(&servers[0], &servers[1])).await;
}

#[tokio::test]
async fn a_client_comes_back_to_another_server() {
    let Some(redis) = Redis::start() else { return };
    let (one, two) = two(&redis).await;
    let (client, mut ann) = enter(&one).await;
    let id = ann.id();
    two.chat.to("tea").emit("news", "seen");
    hears(&mut ann, "seen").await;
    vanish(&client, &mut ann, &one).await;
    for text in ["missed 1", "missed 2"] {
        two.chat.to("tea").emit("news", text);
    }
    client.move_to(&two.io);
    ann.rejoin().await.unwrap();
    assert!(ann.recovered());
    assert_eq!(ann.id(), id);
    hears(&mut ann, "missed 1").await;
    hears(&mut ann, "missed 2").await;
    one.chat.to("tea").emit("news", "now");
    hears(&mut ann, "now").await;
}

#[tokio::test]
async fn a_server_that_shuts_down_leaves_its_clients_sessions_to_the_others() {
    let Some(redis) = Redis::start() else { return };
    let (one, two) = two(&redis).await;
    let (client, mut ann) = enter(&one).await;
    two.chat.to("tea").emit("news", "seen");
    hears(&mut ann, "seen").await;
    let log = one.log.clone();
    one.io.shutdown(PATIENCE).await;
    ann.disconnected().await;
    let mut follower = log.follow();
    log.append(say("a mark")).unwrap();
    next(&mut follower).await;
    two.chat.to("tea").emit("news", "missed");
    client.move_to(&two.io);
    ann.rejoin().await.unwrap();
    assert!(ann.recovered());
    hears(&mut ann, "missed").await;
}

#[tokio::test]
async fn a_client_away_over_a_restart_of_redis_comes_back_if_the_stream_is_kept() {
    for keeps in [true, false] {
        let redis = if keeps {
            Redis::start_with_file()
        } else {
            Redis::start()
        };
        let Some(mut redis) = redis else { return };
        let (one, two) = two(&redis).await;
        let (client, mut ann) = enter(&one).await;
        let (_bob, mut bob) = enter(&two).await;
        two.chat.to("tea").emit("news", "seen");
        hears(&mut ann, "seen").await;
        hears(&mut bob, "seen").await;
        vanish(&client, &mut ann, &one).await;
        let mut follower = two.log.follow();
        redis.stop();
        until(&mut follower, Followed::Away).await;
        two.chat.to("tea").emit("news", "missed");
        // Bob's server serves its own.
        hears(&mut bob, "missed").await;
        redis.restart();
        until(&mut follower, Followed::Back).await;
        two.log.ready(PATIENCE).await.unwrap();
        one.log.ready(PATIENCE).await.unwrap();
        // The entry of that time is in the log now.
        soon("the entry", async {
            while !matches!(follower.next().await, Some(Followed::Entry(..))) {}
        })
        .await;
        client.move_to(&two.io);
        ann.rejoin().await.unwrap();
        assert_eq!(ann.recovered(), keeps);
        if keeps {
            hears(&mut ann, "missed").await;
        } else {
            assert!(ann.ask::<bool>("join", "tea").await);
        }
        one.chat.to("tea").emit("news", "now");
        hears(&mut ann, "now").await;
        hears(&mut bob, "now").await;
        assert_eq!(two.log.subscribers("nobody").await, Ok(0));
    }
}
