//! Metrics: what a server counts and measures, through the [`metrics`] facade.
//! Only with the cargo feature `metrics`; without it not even the calls are compiled. The
//! sessions below have theirs in [`engine_io::metrics`].
//!
//! Install a recorder *before* you make the [`Io`](crate::Io). [`describe`] then registers
//! the texts of this table, and those of `engine_io`:
//!
//! | metric                            | kind      | labels    | what it says |
//! |-----------------------------------|-----------|-----------|--------------|
//! | `socket_io_sockets`               | gauge     |           | sockets now: a client counts in each of its namespaces |
//! | `socket_io_connects_total`        | counter   |           | sockets that have joined a namespace |
//! | `socket_io_disconnects_total`     | counter   | `reason`  | sockets that have left, by [`DisconnectReason`] |
//! | `socket_io_refusals_total`        | counter   | `reason`  | clients that a namespace did not accept |
//! | `socket_io_received_events_total` | counter   |           | events from clients, also those without a handler |
//! | `socket_io_sent_events_total`     | counter   |           | events emitted; a broadcast is one event |
//! | `socket_io_dropped_packets_total` | counter   | `reason`  | packets not queued: `volatile` for a client that was not ready, `gone` for one that has left |
//! | `socket_io_ack_seconds`           | histogram |           | from an event to the client's acknowledgement |
//! | `socket_io_unanswered_acks_total` | counter   |           | acknowledgements that did not come: the client left, or the wait for them is over |
//! | `socket_io_recoveries_total`      | counter   | `outcome` | clients that came back for what they missed: `hit`, or `miss` for one that starts from scratch |
//!
//! The reasons of `socket_io_refusals_total` are `namespace` for one that does not exist,
//! `limit` for one of the [`Limits`](crate::Limits), and `application` when middleware or
//! the connect handler said no.
//!
//! ```
//! use metrics_util::debugging::DebuggingRecorder;
//! use socket_io::Io;
//!
//! // A server would install its exporter's recorder for the whole program instead.
//! let recorder = DebuggingRecorder::new();
//! metrics::with_local_recorder(&recorder, || {
//!     socket_io::metrics::describe();
//!     let io = Io::default();
//!     io.of("/chat", |_| {}).emit("news", "nobody is here yet");
//! });
//! let sent = recorder.snapshotter().snapshot().into_vec();
//! assert_eq!(sent[0].0.key().name(), socket_io::metrics::SENT_EVENTS);
//! ```

use ::metrics::{
    Key, Label, Level, Metadata, Unit, counter, describe_counter, describe_gauge,
    describe_histogram, gauge, histogram, with_recorder,
};
use tokio::time::Instant;

use crate::reason::DisconnectReason;

/// Sockets now.
pub const SOCKETS: &str = "socket_io_sockets";
/// Sockets that have joined a namespace.
pub const CONNECTS: &str = "socket_io_connects_total";
/// Sockets that have left, by `reason`.
pub const DISCONNECTS: &str = "socket_io_disconnects_total";
/// Clients that a namespace did not accept, by `reason`.
pub const REFUSALS: &str = "socket_io_refusals_total";
/// Events from clients.
pub const RECEIVED_EVENTS: &str = "socket_io_received_events_total";
/// Events emitted.
pub const SENT_EVENTS: &str = "socket_io_sent_events_total";
/// Packets that were not queued, by `reason`.
pub const DROPPED_PACKETS: &str = "socket_io_dropped_packets_total";
/// From an event to the client's acknowledgement.
pub const ACK_SECONDS: &str = "socket_io_ack_seconds";
/// Acknowledgements that did not come.
pub const UNANSWERED_ACKS: &str = "socket_io_unanswered_acks_total";
/// Clients that came back for what they missed, by `outcome`.
pub const RECOVERIES: &str = "socket_io_recoveries_total";

/// Registers a description of each metric with the recorder, those of
/// [`engine_io::metrics`] too.
pub fn describe() {
    engine_io::metrics::describe();
    describe_gauge!(SOCKETS, "Sockets now.");
    describe_counter!(CONNECTS, "Sockets that have joined a namespace.");
    describe_counter!(DISCONNECTS, "Sockets that have left a namespace.");
    describe_counter!(REFUSALS, "Clients that a namespace did not accept.");
    describe_counter!(RECEIVED_EVENTS, "Events from clients.");
    describe_counter!(SENT_EVENTS, "Events emitted.");
    describe_counter!(DROPPED_PACKETS, "Packets that were not queued.");
    let text = "From an event to the client's acknowledgement.";
    describe_histogram!(ACK_SECONDS, Unit::Seconds, text);
    describe_counter!(UNANSWERED_ACKS, "Acknowledgements that did not come.");
    describe_counter!(RECOVERIES, "Clients that came back for what they missed.");
}

/// Measures the time until a client answers.
#[derive(Debug)]
pub(crate) struct Since(Option<Instant>);

impl Since {
    pub(crate) fn now() -> Self {
        Self(Some(Instant::now()))
    }

    /// The answer has come.
    pub(crate) fn answered(mut self) {
        if let Some(start) = self.0.take() {
            histogram!(ACK_SECONDS).record(start.elapsed());
        }
    }
}

impl Drop for Since {
    fn drop(&mut self) {
        if self.0.is_some() {
            counter!(UNANSWERED_ACKS).increment(1);
        }
    }
}

/// A socket has joined its namespace.
pub(crate) fn connected() {
    counter!(CONNECTS).increment(1);
    gauge!(SOCKETS).increment(1);
}

/// A socket that had joined has left.
pub(crate) fn disconnected(reason: DisconnectReason) {
    counter!(DISCONNECTS, "reason" => reason.to_string()).increment(1);
    gauge!(SOCKETS).decrement(1);
}

/// A namespace did not accept a client.
pub(crate) fn refused(reason: &'static str) {
    counter!(REFUSALS, "reason" => reason).increment(1);
}

/// An event has come.
pub(crate) fn received() {
    static KEY: Key = Key::from_static_name(RECEIVED_EVENTS);
    count(&KEY);
}

/// An event was emitted.
pub(crate) fn sent() {
    static KEY: Key = Key::from_static_name(SENT_EVENTS);
    count(&KEY);
}

/// A packet was not queued.
pub(crate) fn dropped(volatile: bool) {
    static VOLATILE: [Label; 1] = [Label::from_static_parts("reason", "volatile")];
    static GONE: [Label; 1] = [Label::from_static_parts("reason", "gone")];
    static KEYS: [Key; 2] = [
        Key::from_static_parts(DROPPED_PACKETS, &GONE),
        Key::from_static_parts(DROPPED_PACKETS, &VOLATILE),
    ];
    count(&KEYS[usize::from(volatile)]);
}

/// Counts an event of a frequent kind: the key of a static is hashed once.
fn count(key: &'static Key) {
    const HERE: &str = module_path!();
    static METADATA: Metadata = Metadata::new(HERE, Level::INFO, Some(HERE));
    with_recorder(|recorder| recorder.register_counter(key, &METADATA)).increment(1);
}

/// A client asked for what it missed.
pub(crate) fn recovery(hit: bool) {
    let outcome = if hit { "hit" } else { "miss" };
    counter!(RECOVERIES, "outcome" => outcome).increment(1);
}
