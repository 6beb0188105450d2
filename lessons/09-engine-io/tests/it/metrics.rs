//! Each metric counts what its description says. A recorder of this thread alone hears
//! them: the server and its clients share the test's thread.

#![cfg(feature = "metrics")]

use std::collections::BTreeMap;
use std::sync::Arc;

use engine_io::metrics::{
    CLOSED_SESSIONS, DROPPED_MESSAGES, OPENED_SESSIONS, QUEUE_BYTES, RECEIVED_BYTES,
    RECEIVED_PACKETS, REFUSALS, SENT_BYTES, SENT_PACKETS, SESSIONS, UPGRADES, describe,
};
use engine_io::{
    Application, CloseReason, Config, EncodedMessage, Receiver, ServeLimits, Server,
    Session,
};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tokio::net::TcpListener;

use crate::support::{self, Frame, calm, soon, start};

struct Metrics {
    snapshotter: Snapshotter,
    /// By name and label's value. Each snapshot holds the changes since the one before.
    values: BTreeMap<(String, String), f64>,
    _local: metrics::LocalRecorderGuard<'static>,
}

impl Metrics {
    fn new() -> Self {
        let recorder: &DebuggingRecorder = Box::leak(Box::default());
        let local = metrics::set_default_local_recorder(recorder);
        describe();
        Self {
            snapshotter: recorder.snapshotter(),
            values: BTreeMap::new(),
            _local: local,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn get(&mut self, name: &str, label: &str) -> f64 {
        for (key, _, text, value) in self.snapshotter.snapshot().into_vec() {
            assert!(text.is_some(), "{key:?} is described");
            let change = match value {
                DebugValue::Counter(count) => count as f64,
                DebugValue::Gauge(change) => change.0,
                DebugValue::Histogram(_) => continue,
            };
            let labels: Vec<_> = key.key().labels().map(metrics::Label::value).collect();
            let id = (key.key().name().to_owned(), labels.concat());
            *self.values.entry(id).or_default() += change;
        }
        let id = (name.to_owned(), label.to_owned());
        self.values.get(&id).copied().unwrap_or(0.0)
    }

    #[track_caller]
    fn shows(&mut self, name: &str, label: &str, wanted: f64) {
        let found = self.get(name, label);
        assert!(
            (found - wanted).abs() < 0.1,
            "{name}{{{label}}} is {found}, wanted {wanted}"
        );
    }

    async fn will_show(&mut self, name: &str, label: &str, wanted: f64) {
        soon(name, async {
            while (self.get(name, label) - wanted).abs() > 0.1 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn sessions_are_counted_by_transport_and_their_ends_by_reason() {
    let mut metrics = Metrics::new();
    let mut server = start(calm()).await;
    let sid = server.open().await;
    let client = server.websocket().await;
    metrics.shows(SESSIONS, "polling", 1.0);
    metrics.shows(SESSIONS, "websocket", 1.0);
    metrics.shows(OPENED_SESSIONS, "polling", 1.0);
    metrics.shows(OPENED_SESSIONS, "websocket", 1.0);
    drop(client);
    assert_eq!(server.closed().await, CloseReason::TransportClose);
    server.post(&sid, "4a\u{1e}9").await;
    assert_eq!(server.closed().await, CloseReason::ParseError);
    server.empties().await;
    metrics.shows(SESSIONS, "polling", 0.0);
    metrics.shows(SESSIONS, "websocket", 0.0);
    metrics.shows(CLOSED_SESSIONS, "transport close", 1.0);
    metrics.shows(CLOSED_SESSIONS, "parse error", 1.0);
    metrics.shows(UPGRADES, "", 0.0);
}

#[tokio::test]
async fn an_upgrade_moves_a_session_to_the_other_transport() {
    let mut metrics = Metrics::new();
    let mut server = start(calm()).await;
    let sid = server.open().await;
    let mut socket = server.probe(&sid).await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    metrics.shows(SESSIONS, "polling", 1.0);
    socket.send("5").await;
    metrics.will_show(UPGRADES, "", 1.0).await;
    metrics.shows(SESSIONS, "polling", 0.0);
    metrics.shows(SESSIONS, "websocket", 1.0);
    metrics.shows(OPENED_SESSIONS, "websocket", 0.0);
    socket.send("1").await;
    server.closed().await;
    server.empties().await;
    metrics.shows(SESSIONS, "websocket", 0.0);
}

#[tokio::test]
async fn packets_and_their_bytes_are_counted_both_ways_over_both_transports() {
    let mut metrics = Metrics::new();
    let mut server = start(calm()).await;
    let sid = server.open().await;
    metrics.shows(SENT_PACKETS, "polling", 1.0);
    let handshake = metrics.get(SENT_BYTES, "polling");
    assert!(handshake > 80.0);
    server.post(&sid, "4one\u{1e}bAQID").await;
    metrics.shows(RECEIVED_PACKETS, "polling", 2.0);
    metrics.shows(RECEIVED_BYTES, "polling", 10.0);
    assert_eq!(server.poll(&sid).await.body, "4one\u{1e}bAQID");
    metrics.shows(SENT_PACKETS, "polling", 3.0);
    metrics.shows(SENT_BYTES, "polling", handshake + 10.0);

    let mut client = server.websocket().await;
    let handshake = metrics.get(SENT_BYTES, "websocket");
    client.send("4hello").await;
    assert_eq!(client.text().await, "4hello");
    let bytes = Frame::binary(vec![0, 1, 2]);
    futures_util::SinkExt::send(&mut client.0, bytes)
        .await
        .unwrap();
    client.next().await.unwrap().unwrap();
    metrics.shows(RECEIVED_PACKETS, "websocket", 2.0);
    metrics.shows(RECEIVED_BYTES, "websocket", 9.0);
    metrics.shows(SENT_PACKETS, "websocket", 3.0);
    metrics.shows(SENT_BYTES, "websocket", handshake + 9.0);
}

#[tokio::test]
async fn bytes_that_wait_are_in_the_queue_until_the_client_takes_them_or_leaves() {
    let mut metrics = Metrics::new();
    let mut server = start(calm()).await;
    let sid = server.open().await;
    let session = server.opened().await;
    metrics.shows(QUEUE_BYTES, "", 0.0);
    let message = EncodedMessage::text("hello");
    session.send(&message).unwrap();
    session.send(&message).unwrap();
    #[expect(clippy::cast_precision_loss, reason = "a few bytes")]
    let size = message.size() as f64;
    metrics.shows(QUEUE_BYTES, "", 2.0 * size);
    server.poll(&sid).await;
    metrics.shows(QUEUE_BYTES, "", 0.0);
    session.send(&message).unwrap();
    session.close(CloseReason::PingTimeout);
    metrics.shows(QUEUE_BYTES, "", 0.0);
}

#[tokio::test]
async fn messages_that_are_not_queued_are_counted_by_reason() {
    let mut metrics = Metrics::new();
    let mut server = start(Config {
        outbound_budget: 100,
        ..calm()
    })
    .await;
    server.open().await;
    let session = server.opened().await;
    let message = EncodedMessage::text("hello");
    assert!(!session.send_volatile(&[message.clone(), message.clone()]));
    metrics.shows(DROPPED_MESSAGES, "volatile", 2.0);
    while session.send(&message).is_ok() {}
    metrics.shows(DROPPED_MESSAGES, "refused", 1.0);
    assert!(session.send(&message).is_err());
    metrics.shows(DROPPED_MESSAGES, "refused", 2.0);
    metrics.shows(CLOSED_SESSIONS, "slow reader", 1.0);
}

#[tokio::test]
async fn refusals_are_counted_by_reason() {
    let mut metrics = Metrics::new();
    let server = start(Config {
        max_sessions: 1,
        ..calm()
    })
    .await;
    for (query, reason) in [
        ("EIO=4&transport=pigeon", "unknown_transport"),
        ("EIO=4&transport=polling&sid=x", "unknown_session"),
        ("EIO=2&transport=polling", "unsupported_version"),
        ("EIO=4&transport=websocket", "bad_request"),
    ] {
        server.get(query).await;
        metrics.shows(REFUSALS, reason, 1.0);
    }
    server
        .request("POST", "EIO=4&transport=polling", "", b"")
        .await;
    metrics.shows(REFUSALS, "bad_handshake_method", 1.0);
    let polling = "EIO=4&transport=polling";
    let stranger = "Origin: http://elsewhere.example\r\n";
    server.request("GET", polling, stranger, b"").await;
    metrics.shows(REFUSALS, "forbidden", 1.0);
    let large = format!("X-Large: {}\r\n", "x".repeat(9000));
    server.request("GET", polling, &large, b"").await;
    metrics.shows(REFUSALS, "headers_too_large", 1.0);
    for _ in 0..3 {
        server.get(polling).await;
    }
    metrics.shows(REFUSALS, "server_full", 2.0);

    let server = start(Config {
        max_sessions_per_address: 0,
        ..calm()
    })
    .await;
    server.get(polling).await;
    metrics.shows(REFUSALS, "address_full", 1.0);
}

struct Bomb;

impl Application for Bomb {
    fn open(&self, _: Session) -> Arc<dyn Receiver> {
        panic!("on purpose");
    }
}

#[tokio::test]
async fn a_session_that_the_application_panicked_over_is_a_refusal_and_leaves_nothing() {
    let mut metrics = Metrics::new();
    let server = Server::new(calm(), Bomb);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let filter = engine_io::filter(&server);
    let limits = ServeLimits::default();
    tokio::spawn(engine_io::run(
        listener,
        filter,
        limits,
        std::future::pending(),
    ));
    let response = support::get(address, "EIO=4&transport=polling").await;
    assert_eq!(response.status, 500);
    metrics.shows(REFUSALS, "panicked", 1.0);
    metrics.shows(SESSIONS, "polling", 0.0);
}
