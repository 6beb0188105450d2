//! The format of Node's sharded adapter: what Node wrote, read and written again; two
//! servers that speak it; and what nobody should write.

use std::sync::{Arc, Mutex};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use cluster::bus::{Fate, MemoryBus};
use cluster::wire::sharded::Sharded;
use cluster::wire::{Format, Message, Place, Received};
use cluster::{ClusterConfig, adapters};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use crate::scenario::{client, every_operation, server};

/// A line of the golden file.
#[derive(Deserialize)]
struct Line {
    name: String,
    channel: String,
    base64: String,
}

fn lines() -> Vec<Line> {
    let lines = include_str!("../golden/sharded.jsonl").lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn place(line: &Line, node: &str) -> Place {
    Place {
        namespace: line.channel.split('#').nth(1).unwrap().into(),
        node: node.into(),
    }
}

fn read(line: &Line, node: &str) -> Option<Received> {
    let payload = BASE64_STANDARD.decode(&line.base64).unwrap().into();
    Sharded::default()
        .decode(&place(line, node), &line.channel, &payload, &|_| true)
        .unwrap_or_else(|error| panic!("{}: {error}", line.name))
}

#[test]
fn what_node_wrote_is_written_the_same() {
    let lines = lines();
    for line in &lines {
        let received = read(line, "myself").unwrap();
        let from = received.from.unwrap();
        let asker = line.channel.split('#').nth(2).map(str::to_owned);
        let format = Sharded::default();
        let again = format
            .encode(&place(line, &from), asker.as_ref(), &received.message)
            .unwrap();
        assert_eq!(again.channel, line.channel, "{}", line.name);
        let payload = BASE64_STANDARD.decode(&line.base64).unwrap();
        // Numbers above 2^53 and the order of a description's fields are JavaScript's own.
        if line.name == "fetch sockets" && matches!(received.message, Message::Answer(..))
        {
            let values = [&payload[..], &again.payload]
                .map(|text| serde_json::from_slice::<Value>(text).unwrap());
            assert_eq!(values[0], values[1]);
        } else {
            assert_eq!(
                String::from_utf8_lossy(&again.payload),
                String::from_utf8_lossy(&payload),
                "{}",
                line.name
            );
        }
    }
    assert_eq!(lines.len(), 25);
}

#[test]
fn ones_own_messages_and_other_namespaces_are_ignored() {
    let lines = lines();
    let from = read(&lines[0], "myself").unwrap().from.unwrap();
    assert_eq!(read(&lines[0], &from), None);
    let elsewhere = Line {
        name: String::new(),
        channel: "socket.io#/elsewhere#".into(),
        base64: lines[0].base64.clone(),
    };
    assert_eq!(read(&elsewhere, "myself"), None);
}

#[test]
fn hostile_messages_are_errors_and_unknown_types_are_not() {
    let at = Place {
        namespace: "/".into(),
        node: "myself".into(),
    };
    let read = |text: &str| {
        let payload = Bytes::copy_from_slice(text.as_bytes());
        Sharded::default().decode(&at, "socket.io#/#", &payload, &|_| true)
    };
    for data in [
        r#""type":3"#,
        r#""type":3,"data":{}"#,
        r#""type":3,"data":{"packet":{"type":1,"data":["x"]},"opts":{}}"#,
        r#""type":3,"data":{"packet":{"type":2,"data":[1]},"opts":{}}"#,
        r#""type":3,"data":{"packet":{"type":2,"data":["x"]}}"#,
        r#""type":4,"data":{"rooms":["tea"]}"#,
        r#""type":4,"data":{"opts":{"rooms":{}},"rooms":[]}"#,
        r#""type":7,"data":{"opts":{}}"#,
        r#""type":8,"data":{"requestId":"q"}"#,
        r#""type":8,"data":{"requestId":"q","sockets":[{"id":"short"}]}"#,
        r#""type":9,"data":{"packet":"x"}"#,
        r#""type":11,"data":{"requestId":"q"}"#,
        r#""type":11,"data":{"requestId":"q","clientCount":-1}"#,
        r#""type":12,"data":{"packet":1}"#,
        r#""type":"3","data":{}"#,
    ] {
        let text = format!(r#"{{{data},"uid":"x","nsp":"/"}}"#);
        assert!(read(&text).is_err(), "{text}");
    }
    for text in [
        "",
        "{",
        "{}",
        r#"{"type":3,"nsp":"/"}"#,
        r#"{"type":3,"uid":"x"}"#,
    ] {
        assert!(read(text).is_err(), "{text}");
    }
    for kind in [0, 1, 2, 14, 99] {
        let text = format!(r#"{{"type":{kind},"uid":"x","nsp":"/"}}"#);
        assert_eq!(read(&text).unwrap(), None, "{text}");
    }
}

proptest! {
    #[test]
    fn no_change_to_a_message_of_node_panics(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let lines = lines();
        let line = which.get(&lines);
        let mut payload = BASE64_STANDARD.decode(&line.base64).unwrap();
        *at.get_mut(&mut payload) = byte;
        let _ = Sharded::default()
            .decode(&place(line, "myself"), &line.channel, &payload.into(), &|_| true);
    }
}

fn cluster(bus: &MemoryBus, name: &str) -> (socket_io::Io, socket_io::Namespace) {
    let config = ClusterConfig {
        name: Some(name.into()),
        ..ClusterConfig::default()
    };
    server(adapters(bus.connect(name), Sharded::default(), config))
}

#[tokio::test(start_paused = true)]
async fn every_operation_reaches_the_other_server() {
    let bus = MemoryBus::new();
    // With subscriptions by room, a broadcast can be published before the other server has
    // subscribed to the channel of its room.
    let server = |name| {
        let format = Sharded {
            dynamic: false,
            ..Sharded::default()
        };
        server(adapters(
            bus.connect(name),
            format,
            ClusterConfig::default(),
        ))
    };
    every_operation(&server("one"), &server("two")).await;
}

#[tokio::test(start_paused = true)]
async fn the_server_that_does_not_answer_is_named() {
    let bus = MemoryBus::new();
    let (one, two, three) = (
        cluster(&bus, "one"),
        cluster(&bus, "two"),
        cluster(&bus, "three"),
    );
    // Server one has heard of the others.
    two.1.emit("news", ());
    three.1.emit("news", ());
    tokio::task::yield_now().await;
    bus.watch(|passing| match passing.from {
        "two" => Fate::Lost,
        _ => Fate::Arrives,
    });
    let error = one.1.fetch_sockets().await.unwrap_err();
    let expected = "1 of 2 servers answered in time; missing: two";
    assert_eq!(error.to_string(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_goodbye_is_not_waited_for() {
    let bus = MemoryBus::new();
    let (one, two) = (cluster(&bus, "one"), cluster(&bus, "two"));
    two.1.emit("news", ());
    tokio::task::yield_now().await;
    // Server two shuts down with the question in its hands: its goodbye is type 13.
    bus.watch(|passing| {
        let is_goodbye = passing.payload.starts_with(br#"{"type":13"#);
        if passing.from == "two" && !is_goodbye {
            Fate::Lost
        } else {
            Fate::Arrives
        }
    });
    let chat = one.1.clone();
    let start = tokio::time::Instant::now();
    let asking = tokio::spawn(async move { chat.fetch_sockets().await });
    tokio::task::yield_now().await;
    two.0.shutdown(std::time::Duration::from_secs(1)).await;
    assert_eq!(asking.await.unwrap().unwrap().len(), 0);
    assert!(start.elapsed() < std::time::Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_server_is_spared_broadcasts_to_rooms_without_members_there() {
    let bus = MemoryBus::new();
    let (one, two) = (cluster(&bus, "one"), cluster(&bus, "two"));
    let receivers = Arc::new(Mutex::new(Vec::new()));
    let seen = receivers.clone();
    bus.watch(move |passing| {
        seen.lock().unwrap().push(passing.to.len());
        Fate::Arrives
    });
    let receivers = || std::mem::take(&mut *receivers.lock().unwrap());
    one.1.to("tea").emit("news", ());
    assert_eq!(receivers(), [0]);
    let mut ann = client(&two.0, &["tea"]).await;
    for number in 0..3 {
        // The channels of the room and of all keep one order.
        one.1.to("tea").emit("news", 2 * number);
        one.1.emit("news", 2 * number + 1);
    }
    assert_eq!(receivers(), [1, 2, 1, 2, 1, 2]);
    for number in 0..6 {
        assert_eq!(ann.expect::<u32>("news").await, number);
    }
    ann.disconnect();
    while two.1.count() > 0 {
        tokio::task::yield_now().await;
    }
    tokio::task::yield_now().await;
    one.1.to("tea").emit("news", ());
    assert_eq!(receivers(), [0]);
}
