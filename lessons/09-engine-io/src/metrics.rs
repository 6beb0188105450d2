//! Metrics: what a server counts and measures, through the [`metrics`] facade.
//! Only with the cargo feature `metrics`; without it not even the calls are compiled.
//!
//! Install a recorder *before* you make the [`Server`](crate::Server): it keeps
//! handles. [`describe`] then registers the texts of this table:
//!
//! | metric                             | kind    | labels      | what it says |
//! |------------------------------------|---------|-------------|--------------|
//! | `engine_io_sessions`               | gauge   | `transport` | sessions now, by the transport that carries them |
//! | `engine_io_opened_sessions_total`  | counter | `transport` | sessions opened, by the transport of their handshake |
//! | `engine_io_closed_sessions_total`  | counter | `reason`    | sessions that have ended, by [`CloseReason`] |
//! | `engine_io_upgrades_total`         | counter |             | sessions that have moved from polling to a WebSocket |
//! | `engine_io_refusals_total`         | counter | `reason`    | requests refused, and sessions not opened |
//! | `engine_io_received_packets_total` | counter | `transport` | packets from clients, pongs included |
//! | `engine_io_received_bytes_total`   | counter | `transport` | their bytes, without frame headers or HTTP heads |
//! | `engine_io_sent_packets_total`     | counter | `transport` | packets written to clients, pings included |
//! | `engine_io_sent_bytes_total`       | counter | `transport` | their bytes, without frame headers or HTTP heads |
//! | `engine_io_queue_bytes`            | gauge   |             | bytes that wait for clients, in all sessions together |
//! | `engine_io_dropped_messages_total` | counter | `reason`    | messages not queued: `volatile` for a client that was not ready, `refused` by a session that has ended |
//!
//! `transport` is `polling` or `websocket`. The reasons of `engine_io_refusals_total` are
//! `unknown_transport`, `unknown_session`, `bad_handshake_method`, `bad_request`,
//! `forbidden`, `unsupported_version` and `headers_too_large`, as in
//! [`Refusal`]; `server_full` and `address_full` for the limits on sessions; and
//! `panicked`.
//!
//! ```
//! use engine_io::metrics::{QUEUE_BYTES, describe};
//! use metrics_util::debugging::DebuggingRecorder;
//! # use std::sync::Arc;
//! # use engine_io::{Application, Config, Receiver, Server, Session};
//! # struct Echo;
//! # impl Application for Echo {
//! #     fn open(&self, session: Session) -> Arc<dyn Receiver> { unimplemented!() }
//! # }
//!
//! // A server would install its exporter's recorder for the whole program instead.
//! let recorder = DebuggingRecorder::new();
//! let server = metrics::with_local_recorder(&recorder, || {
//!     describe();
//!     Server::new(Config::default(), Echo)
//! });
//! let metrics = recorder.snapshotter().snapshot().into_vec();
//! let queue = metrics.iter().find(|(metric, ..)| metric.key().name() == QUEUE_BYTES);
//! let (_, _, text, _) = queue.expect("a server has a queue");
//! assert!(text.is_some());
//! ```

use std::sync::Arc;

use ::metrics::{Counter, Gauge, Unit, counter, describe_counter, describe_gauge, gauge};

use crate::config::Transport;
use crate::machine::CloseReason;
use crate::refusal::Refusal;

/// Sessions now, by `transport`.
pub const SESSIONS: &str = "engine_io_sessions";
/// Sessions opened, by `transport`.
pub const OPENED_SESSIONS: &str = "engine_io_opened_sessions_total";
/// Sessions that have ended, by `reason`.
pub const CLOSED_SESSIONS: &str = "engine_io_closed_sessions_total";
/// Sessions that have moved to a WebSocket.
pub const UPGRADES: &str = "engine_io_upgrades_total";
/// Requests refused, by `reason`.
pub const REFUSALS: &str = "engine_io_refusals_total";
/// Packets from clients, by `transport`.
pub const RECEIVED_PACKETS: &str = "engine_io_received_packets_total";
/// Bytes of packets from clients, by `transport`.
pub const RECEIVED_BYTES: &str = "engine_io_received_bytes_total";
/// Packets written to clients, by `transport`.
pub const SENT_PACKETS: &str = "engine_io_sent_packets_total";
/// Bytes of packets written to clients, by `transport`.
pub const SENT_BYTES: &str = "engine_io_sent_bytes_total";
/// Bytes that wait for clients.
pub const QUEUE_BYTES: &str = "engine_io_queue_bytes";
/// Messages that were not queued, by `reason`.
pub const DROPPED_MESSAGES: &str = "engine_io_dropped_messages_total";

/// Registers a description of each metric with the recorder.
pub fn describe() {
    describe_gauge!(SESSIONS, "Sessions now.");
    describe_counter!(OPENED_SESSIONS, "Sessions opened.");
    describe_counter!(CLOSED_SESSIONS, "Sessions that have ended.");
    describe_counter!(UPGRADES, "Sessions moved from polling to a WebSocket.");
    describe_counter!(REFUSALS, "Requests refused.");
    describe_counter!(RECEIVED_PACKETS, "Packets from clients.");
    describe_counter!(
        RECEIVED_BYTES,
        Unit::Bytes,
        "Bytes of packets from clients."
    );
    describe_counter!(SENT_PACKETS, "Packets written to clients.");
    describe_counter!(
        SENT_BYTES,
        Unit::Bytes,
        "Bytes of packets written to clients."
    );
    describe_gauge!(QUEUE_BYTES, Unit::Bytes, "Bytes that wait for clients.");
    describe_counter!(DROPPED_MESSAGES, "Messages that were not queued.");
}

/// A session's place in [`SESSIONS`].
pub(crate) struct Place(Option<Transport>);

impl Place {
    /// A session that is not open yet.
    pub(crate) fn new() -> Self {
        Self(None)
    }

    /// The session has been opened.
    pub(crate) fn open(&mut self, transport: Transport) {
        counter!(OPENED_SESSIONS, "transport" => transport.name()).increment(1);
        self.enter(transport);
    }

    /// The session has moved to a WebSocket.
    pub(crate) fn upgrade(&mut self) {
        if self.0.is_some() {
            counter!(UPGRADES).increment(1);
            self.leave();
            self.enter(Transport::WebSocket);
        }
    }

    /// The session has gone.
    pub(crate) fn leave(&mut self) {
        if let Some(transport) = self.0.take() {
            gauge!(SESSIONS, "transport" => transport.name()).decrement(1);
        }
    }

    fn enter(&mut self, transport: Transport) {
        self.0 = Some(transport);
        gauge!(SESSIONS, "transport" => transport.name()).increment(1);
    }
}

/// The metrics that change with every message: one server's handles, because a recorder
/// takes a while to find one by its name.
#[derive(Clone)]
pub(crate) struct Traffic(Arc<Handles>);

struct Handles {
    queue: Gauge,
    /// Packets and bytes, by [`Transport`].
    received: [[Counter; 2]; 2],
    sent: [[Counter; 2]; 2],
}

impl Traffic {
    pub(crate) fn new() -> Self {
        let counters = |packets: &'static str, bytes: &'static str| {
            [Transport::Polling, Transport::WebSocket].map(|transport| {
                [packets, bytes]
                    .map(|name| counter!(name, "transport" => transport.name()))
            })
        };
        Self(Arc::new(Handles {
            queue: gauge!(QUEUE_BYTES),
            received: counters(RECEIVED_PACKETS, RECEIVED_BYTES),
            sent: counters(SENT_PACKETS, SENT_BYTES),
        }))
    }

    /// A session holds `after` bytes, and held `before`.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a queue of 2^53 bytes does not fit into a machine"
    )]
    pub(crate) fn queued(&self, before: usize, after: usize) {
        if after >= before {
            self.0.queue.increment((after - before) as f64);
        } else {
            self.0.queue.decrement((before - after) as f64);
        }
    }

    /// A tally of packets from a client.
    pub(crate) fn received(&self, transport: Transport) -> Tally {
        Tally::new(&self.0.received[transport as usize])
    }

    /// A tally of packets to a client.
    pub(crate) fn sent(&self, transport: Transport) -> Tally {
        Tally::new(&self.0.sent[transport as usize])
    }
}

/// Counts the packets of one read or write, and reports them together.
pub(crate) struct Tally {
    counters: [Counter; 2],
    packets: u64,
    bytes: u64,
}

impl Tally {
    fn new(counters: &[Counter; 2]) -> Self {
        Self {
            counters: counters.clone(),
            packets: 0,
            bytes: 0,
        }
    }

    /// Adds packets, and their bytes.
    pub(crate) fn add(&mut self, packets: usize, bytes: usize) {
        self.packets += packets as u64;
        self.bytes += bytes as u64;
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        if self.packets > 0 {
            self.counters[0].increment(self.packets);
            self.counters[1].increment(self.bytes);
        }
    }
}

/// A session has ended.
pub(crate) fn closed(reason: CloseReason) {
    counter!(CLOSED_SESSIONS, "reason" => reason.to_string()).increment(1);
}

/// A request was refused.
pub(crate) fn refused(refusal: Refusal) {
    let reason = match refusal {
        Refusal::UnknownTransport => "unknown_transport",
        Refusal::UnknownSession => "unknown_session",
        Refusal::BadHandshakeMethod => "bad_handshake_method",
        Refusal::BadRequest => "bad_request",
        Refusal::Forbidden => "forbidden",
        Refusal::UnsupportedVersion => "unsupported_version",
        Refusal::TooLarge => "headers_too_large",
        Refusal::Full => "server_full",
        Refusal::AddressFull => "address_full",
        Refusal::Internal => "panicked",
    };
    counter!(REFUSALS, "reason" => reason).increment(1);
}

/// Messages were not queued.
pub(crate) fn dropped(reason: &'static str, messages: usize) {
    counter!(DROPPED_MESSAGES, "reason" => reason).increment(messages as u64);
}
