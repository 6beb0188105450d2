//! Several servers in one process, on a bus in memory: every operation across them, and
//! what happens when a server dies or the bus is away.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cluster::bus::{Bus, Connection, Fate, MemoryBus, Topic};
use cluster::wire::redis_adapter::RedisAdapter;
use cluster::{ClusterConfig, adapters};
use socket_io::{AdapterError, Io, Namespace};
use tokio::time::Instant;

use crate::scenario::{client, every_operation, nothing_before, server};

/// A server of a cluster, and its connection to the bus.
struct Server {
    pair: (Io, Namespace),
    line: Connection,
}

impl Server {
    fn new(bus: &MemoryBus, name: &str) -> Self {
        let line = bus.connect(name);
        let config = ClusterConfig {
            name: Some(name.into()),
            ..ClusterConfig::default()
        };
        let adapters = adapters(line.clone(), RedisAdapter::default(), config);
        Self {
            pair: server(adapters),
            line,
        }
    }

    fn io(&self) -> &Io {
        &self.pair.0
    }

    fn chat(&self) -> &Namespace {
        &self.pair.1
    }
}

fn two() -> (MemoryBus, Server, Server) {
    let bus = MemoryBus::new();
    let servers = (Server::new(&bus, "one"), Server::new(&bus, "two"));
    (bus, servers.0, servers.1)
}

#[tokio::test(start_paused = true)]
async fn every_operation_reaches_the_other_server() {
    let (_bus, one, two) = two();
    every_operation(&one.pair, &two.pair).await;
}

#[tokio::test(start_paused = true)]
async fn three_servers_are_one_room() {
    let (bus, one, two) = two();
    let three = Server::new(&bus, "three");
    let mut clients = Vec::new();
    for server in [&one, &two, &three] {
        clients.push(client(server.io(), &["tea"]).await);
    }
    for (number, server) in [&one, &two, &three].into_iter().enumerate() {
        server.chat().to("tea").emit("news", number);
        for client in &mut clients {
            assert_eq!(client.expect::<usize>("news").await, number);
        }
        let sockets = server.chat().fetch_sockets().await.unwrap();
        assert_eq!(sockets.len(), 3);
        assert_eq!(server.chat().server_count().await, Ok(3));
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_gone_is_not_waited_for() {
    let (_bus, one, two) = two();
    let _ann = client(one.io(), &["tea"]).await;
    let _bob = client(two.io(), &["tea"]).await;
    two.line.cut();
    let start = Instant::now();
    let sockets = one.chat().fetch_sockets().await.unwrap();
    assert_eq!((sockets.len(), start.elapsed()), (1, Duration::ZERO));
    assert_eq!(one.chat().server_count().await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_reported_as_missing() {
    let (bus, one, two) = two();
    let three = Server::new(&bus, "three");
    let _bob = client(two.io(), &["tea"]).await;
    three
        .chat()
        .on_server_event("count", async |_: Namespace| 3);
    two.chat().on_server_event("count", async |_: Namespace| 2);
    // Server two receives everything, and nothing that it says arrives.
    bus.watch(|passing| match passing.from {
        "two" => Fate::Lost,
        _ => Fate::Arrives,
    });
    let start = Instant::now();
    let error = one.chat().fetch_sockets().await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    assert_eq!(error.to_string(), "1 of 2 servers answered in time");

    // The answers that did come are not lost.
    let answers = one
        .chat()
        .server_side_emit_with_ack::<u8>("count", ())
        .await;
    assert_eq!(answers.received, [3]);
    assert!(matches!(answers.error, Some(AdapterError::Timeout { .. })));

    let tea = one.chat().to("tea").timeout(Duration::from_secs(2));
    let answers = tea.emit_with_ack::<u8>("question", ()).await;
    assert!(matches!(
        answers.error,
        Some(AdapterError::Timeout {
            answered: 1,
            expected: 2,
            ..
        })
    ));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_dies_with_a_question_ends_the_wait_in_time() {
    let (bus, one, two) = two();
    let line = two.line.clone();
    bus.watch(move |passing| {
        // It dies with the question in its hands. Its own thread would deadlock here.
        if passing.channel.starts_with("socket.io-request") {
            let line = line.clone();
            tokio::spawn(async move { line.cut() });
        }
        Fate::Arrives
    });
    let answers = one
        .chat()
        .server_side_emit_with_ack::<u8>("count", ())
        .await;
    assert!(answers.received.is_empty());
    assert!(matches!(answers.error, Some(AdapterError::Timeout { .. })));
    assert_eq!(one.chat().server_count().await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn clients_that_do_not_answer_are_counted() {
    let (_bus, one, two) = two();
    let mut ann = client(one.io(), &["tea"]).await;
    let mut bob = client(two.io(), &["tea"]).await;
    let chat = one.chat().clone();
    let asking = tokio::spawn(async move {
        let tea = chat.to("tea").timeout(Duration::from_secs(2));
        tea.emit_with_ack::<String>("name?", ()).await
    });
    ann.next().await.answer("Ann");
    let _silent = bob.next().await;
    let answers = asking.await.unwrap();
    assert_eq!(answers.received, ["Ann"]);
    assert_eq!((answers.missing, answers.error), (1, None));
}

#[tokio::test(start_paused = true)]
async fn without_the_bus_a_server_serves_its_own_clients_and_rejoins() {
    let (_bus, one, two) = two();
    let mut ann = client(one.io(), &["tea"]).await;
    let mut bob = client(two.io(), &["tea"]).await;
    one.line.cut();
    one.chat().to("tea").emit("news", "alone");
    assert_eq!(ann.expect::<String>("news").await, "alone");
    one.chat().to("tea").sockets_join("garden");
    one.chat().to("garden").emit("news", "in the garden");
    assert_eq!(ann.expect::<String>("news").await, "in the garden");
    let error = one.chat().fetch_sockets().await.unwrap_err();
    assert_eq!(
        error,
        AdapterError::Unavailable("the bus is away".into()),
        "it says so at once"
    );
    let answers = one.chat().timeout(Duration::from_secs(1));
    let answers = answers.emit_with_ack::<u8>("question", ()).await;
    assert!(matches!(answers.error, Some(AdapterError::Unavailable(_))));
    let _question = ann.next().await;

    one.line.mend();
    one.chat().to("tea").emit("news", "together");
    assert_eq!(ann.expect::<String>("news").await, "together");
    // What was said in the meantime is lost to the other server: a bus keeps nothing.
    assert_eq!(bob.expect::<String>("news").await, "together");
    assert_eq!(one.chat().fetch_sockets().await.unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn nonsense_on_the_bus_ends_nothing() {
    let (bus, one, two) = two();
    let stranger = bus.connect("stranger");
    let mut bob = client(two.io(), &["tea"]).await;
    for channel in [
        "socket.io#/chat#",
        "socket.io-request#/chat#",
        "socket.io-response#/chat#",
    ] {
        for payload in [
            &b""[..],
            b"{",
            b"{}",
            b"\xc1",
            b"\x93\x01\x02\x03",
            b"[[[[[",
        ] {
            stranger.publish(channel, payload.to_vec().into()).unwrap();
        }
    }
    // An event that no client may be sent: its attachment is missing.
    let event = br#"{"type":6,"data":["news",{"_placeholder":true,"num":0}]}"#;
    let channel = "socket.io-request#/chat#";
    stranger.publish(channel, event.to_vec().into()).unwrap();
    one.chat().emit("news", "hello");
    assert_eq!(bob.expect::<String>("news").await, "hello");
}

#[tokio::test(start_paused = true)]
async fn namespaces_do_not_mix() {
    let (_bus, one, two) = two();
    one.io().of("/chat#tea", |_| {});
    two.io().of("/chat#tea", |_| {});
    let mut bob = client(two.io(), &["tea"]).await;
    one.io()
        .namespace("/chat#tea")
        .unwrap()
        .emit("news", "elsewhere");
    one.io().emit("news", "elsewhere");
    nothing_before(one.chat(), &mut [&mut bob]).await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_server_leaves_the_bus() {
    let (bus, one, two) = two();
    let watcher = bus.connect("watcher");
    assert_eq!(one.chat().server_count().await, Ok(2));
    drop(two.pair);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(watcher.subscribers("socket.io-request#/chat#").await, Ok(1));
    assert_eq!(one.chat().server_count().await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn shutdown_leaves_the_bus_and_reopen_comes_back() {
    let (bus, one, two) = two();
    let watcher = bus.connect("watcher");
    // A question that is out when the server closes.
    bus.watch(|passing| match passing.from {
        "two" => Fate::Lost,
        _ => Fate::Arrives,
    });
    let chat = one.chat().clone();
    let asking = tokio::spawn(async move { chat.fetch_sockets().await });
    tokio::task::yield_now().await;
    one.io().shutdown(Duration::from_secs(1)).await;
    assert_eq!(asking.await.unwrap().unwrap_err(), AdapterError::Closed);
    assert_eq!(
        one.chat().fetch_sockets().await.unwrap_err(),
        AdapterError::Closed
    );
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(watcher.subscribers("socket.io-request#/chat#").await, Ok(1));

    bus.watch(|_| Fate::Arrives);
    one.io().reopen();
    let mut ann = client(one.io(), &["tea"]).await;
    two.chat().to("tea").emit("news", "welcome back");
    assert_eq!(ann.expect::<String>("news").await, "welcome back");
    assert_eq!(one.chat().server_count().await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_is_one_message_whatever_the_number_of_receivers() {
    let (bus, one, two) = two();
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(client(two.io(), &["tea"]).await);
    }
    let passed = Arc::new(Mutex::new(Vec::new()));
    let log = passed.clone();
    bus.watch(move |passing| {
        log.lock().unwrap().push(passing.channel.to_owned());
        Fate::Arrives
    });
    one.chat().to("tea").emit("news", "hello");
    for client in &mut clients {
        assert_eq!(client.expect::<String>("news").await, "hello");
    }
    assert_eq!(*passed.lock().unwrap(), ["socket.io#/chat#tea#"]);
}

#[tokio::test(start_paused = true)]
async fn the_answers_of_other_programs_are_not_counted_as_servers() {
    let (bus, one, two) = two();
    let stranger = bus.connect("stranger");
    // Subscribers to a prefix are not servers.
    let _prefix = stranger.subscribe(vec![Topic::Prefix("socket.io".into())]);
    assert_eq!(one.chat().server_count().await, Ok(2));
    let forged = br#"{"requestId":"guess","sockets":[]}"#.to_vec();
    stranger
        .publish("socket.io-response#/chat#", forged.into())
        .unwrap();
    let _bob = client(two.io(), &[]).await;
    assert_eq!(one.chat().fetch_sockets().await.unwrap().len(), 1);
}
