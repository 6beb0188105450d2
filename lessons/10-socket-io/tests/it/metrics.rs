//! Each metric counts what its description says. A recorder of this thread alone hears
//! them: the server and its clients share the test's thread.
#![cfg(feature = "metrics")]

use std::collections::BTreeMap;
use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use socket_io::metrics::{
    ACK_SECONDS, CONNECTS, DISCONNECTS, DROPPED_PACKETS, RECEIVED_EVENTS, RECOVERIES,
    REFUSALS, SENT_EVENTS, SOCKETS, UNANSWERED_ACKS, describe,
};
use socket_io::{Config, ConnectError, Io, Limits, Recovery, Socket};

use crate::support::{Client, calm, serve, soon, until};

struct Metrics {
    snapshotter: Snapshotter,
    /// By name and label's value. Each snapshot holds the changes since the one before.
    values: BTreeMap<(String, String), f64>,
    acks: Vec<f64>,
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
            acks: Vec::new(),
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
                DebugValue::Histogram(times) => {
                    assert_eq!(key.key().name(), ACK_SECONDS);
                    self.acks.extend(times.iter().map(|time| time.0));
                    continue;
                }
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
async fn sockets_are_counted_and_why_they_left() {
    let mut metrics = Metrics::new();
    let io = Io::new(calm());
    io.of("/chat", |_| {});
    let address = serve(&io).await;
    let (mut client, _) = Client::join(address, "/chat", "").await;
    client.connect("/", "").await;
    metrics.shows(SOCKETS, "", 2.0);
    metrics.shows(CONNECTS, "", 2.0);
    client.send("1/chat,").await;
    let left = "client namespace disconnect";
    metrics.will_show(DISCONNECTS, left, 1.0).await;
    metrics.shows(SOCKETS, "", 1.0);
    client.vanish();
    metrics.will_show(DISCONNECTS, "transport close", 1.0).await;
    metrics.shows(SOCKETS, "", 0.0);
    metrics.shows(CONNECTS, "", 2.0);
}

#[tokio::test]
async fn refusals_are_counted_by_reason_and_leave_no_socket() {
    let mut metrics = Metrics::new();
    let io = Io::new(Config {
        limits: Limits {
            max_auth: 10,
            ..Limits::default()
        },
        ..calm()
    });
    let strict = io.of("/strict", |_| {});
    strict.middleware(async |_: Socket| Err(ConnectError::new("not you")));
    let address = serve(&io).await;
    let mut client = Client::open(address).await;
    for (packet, reason) in [
        ("0/nowhere,", "namespace"),
        ("0/strict,", "application"),
        (r#"0{"token":"too long"}"#, "limit"),
    ] {
        client.send(packet).await;
        assert!(client.packet().await.starts_with('4'));
        metrics.shows(REFUSALS, reason, 1.0);
    }
    metrics.shows(SOCKETS, "", 0.0);
    metrics.shows(CONNECTS, "", 0.0);
    metrics.shows(DISCONNECTS, "server namespace disconnect", 0.0);
}

#[tokio::test]
async fn events_are_counted_both_ways_and_a_broadcast_is_one() {
    let mut metrics = Metrics::new();
    let io = Io::new(calm());
    io.of("/", |socket| {
        socket.on("echo", async |socket: Socket, text: String| {
            socket.emit("echo", text);
        });
    });
    let address = serve(&io).await;
    let (mut ann, mut bob) = (Client::new(address).await, Client::new(address).await);
    ann.send(r#"2["unheard of"]"#).await;
    ann.send(r#"2["echo","hello"]"#).await;
    assert_eq!(ann.packet().await, r#"2["echo","hello"]"#);
    metrics.shows(RECEIVED_EVENTS, "", 2.0);
    metrics.shows(SENT_EVENTS, "", 1.0);
    io.namespace("/").unwrap().emit("news", ());
    assert_eq!(ann.packet().await, bob.packet().await);
    metrics.shows(SENT_EVENTS, "", 2.0);
}

#[tokio::test]
async fn acknowledgements_are_timed_and_those_that_do_not_come_are_counted() {
    let mut metrics = Metrics::new();
    let io = Io::new(calm());
    let address = serve(&io).await;
    let mut client = Client::new(address).await;
    let socket = io.namespace("/").unwrap().sockets().remove(0);
    let question = tokio::spawn({
        let socket = socket.clone();
        async move { socket.emit_with_ack::<String>("who", ()).await }
    });
    let asked = client.packet().await;
    let pause = Duration::from_millis(20);
    tokio::time::sleep(pause).await;
    let id: String = asked.chars().filter(char::is_ascii_digit).skip(1).collect();
    client.send(&format!(r#"3{id}["Ann"]"#)).await;
    let answer = soon("an answer", question).await.unwrap();
    assert_eq!(answer.unwrap(), "Ann");
    metrics.shows(UNANSWERED_ACKS, "", 0.0);
    assert_eq!(metrics.acks.len(), 1);
    assert!(metrics.acks[0] >= pause.as_secs_f64(), "{:?}", metrics.acks);

    let question = socket.emit_with_ack::<String>("who", ());
    let unanswered = question.timeout(Duration::from_millis(1)).await;
    assert!(unanswered.is_err());
    metrics.shows(UNANSWERED_ACKS, "", 1.0);
    let question = socket.emit_with_ack::<String>("who", ());
    client.vanish();
    assert!(soon("the end", async { question.await }).await.is_err());
    metrics.shows(UNANSWERED_ACKS, "", 2.0);
    assert_eq!(metrics.acks.len(), 1);
}

#[tokio::test]
async fn packets_that_are_not_queued_are_counted_by_reason() {
    let mut metrics = Metrics::new();
    let io = Io::new(calm());
    let address = serve(&io).await;
    let client = Client::new(address).await;
    let socket = io.namespace("/").unwrap().sockets().remove(0);
    // The first waits for the writer's turn: the client is not ready for another one.
    socket.emit("first", ());
    socket.emit_volatile("mouse", (3, 4));
    metrics.shows(DROPPED_PACKETS, "volatile", 1.0);
    metrics.shows(DROPPED_PACKETS, "gone", 0.0);
    client.vanish();
    until("the end", || !socket.connected()).await;
    socket.emit("too late", ());
    metrics.shows(DROPPED_PACKETS, "gone", 1.0);
}

#[tokio::test]
async fn recoveries_are_counted_by_their_outcome() {
    let mut metrics = Metrics::new();
    let io = Io::new(Config {
        recovery: Some(Recovery::default()),
        ..calm()
    });
    let address = serve(&io).await;
    let (client, said) = Client::join(address, "/", "").await;
    metrics.shows(RECOVERIES, "miss", 0.0);
    client.vanish();
    let main = io.namespace("/").unwrap();
    until("the end", || main.count() == 0).await;
    let auth = format!(r#"{{"pid":{}}}"#, said["pid"]);
    let (_client, again) = Client::join(address, "/", &auth).await;
    assert_eq!(again["sid"], said["sid"]);
    metrics.shows(RECOVERIES, "hit", 1.0);
    Client::join(address, "/", r#"{"pid":"long ago"}"#).await;
    metrics.shows(RECOVERIES, "miss", 1.0);
    metrics.shows(RECOVERIES, "hit", 1.0);
}
