//! What a server of Engine.IO can be told.

use std::time::Duration;

/// How a session reaches the client now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// HTTP long-polling: GET waits for packets, POST brings them.
    Polling,
    /// One WebSocket.
    WebSocket,
}

impl Transport {
    /// The name in the `transport` query parameter.
    pub fn name(self) -> &'static str {
        match self {
            Transport::Polling => "polling",
            Transport::WebSocket => "websocket",
        }
    }
}

/// Which transports a server offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transports {
    /// HTTP long-polling.
    pub polling: bool,
    /// WebSocket.
    pub websocket: bool,
}

impl Transports {
    /// Both: polling opens, WebSocket takes over.
    pub const ALL: Self = Self {
        polling: true,
        websocket: true,
    };

    /// Whether `transport` is offered.
    ///
    /// ```
    /// use engine_io::{Transport, Transports};
    ///
    /// let websocket = Transports { polling: false, websocket: true };
    /// assert!(websocket.allows(Transport::WebSocket) && !websocket.allows(Transport::Polling));
    /// ```
    pub fn allows(self, transport: Transport) -> bool {
        match transport {
            Transport::Polling => self.polling,
            Transport::WebSocket => self.websocket,
        }
    }
}

/// Which pages of other origins may connect. Checked on every request that names an
/// `Origin`, upgrades included: browsers do not apply CORS to WebSocket, so a server that
/// does not look is open to every page on the web (CVE-2020-28481).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cors {
    /// Pages from this very host and port.
    #[default]
    SameOrigin,
    /// Any page, without credentials (`Access-Control-Allow-Origin: *`).
    Any,
    /// The same origin and these, written as browsers write them: `https://example.org`. With credentials.
    Origins(Vec<String>),
}

/// A server's settings. The defaults are the protocol's.
///
/// ```
/// let config = engine_io::Config { max_payload: 64 * 1024, ..Default::default() };
/// assert_eq!(config.ping_interval.as_secs(), 25);
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the server is mounted. Default `/engine.io/`.
    pub path: String,
    /// From a pong (or the opening) to the next ping. Default 25 s.
    pub ping_interval: Duration,
    /// How long a client may take to answer a ping. Default 20 s.
    pub ping_timeout: Duration,
    /// How long a WebSocket that probes may take to finish the upgrade. Default 10 s.
    pub upgrade_timeout: Duration,
    /// The largest POST body, and the largest message over WebSocket, in bytes. Default
    /// 1,000,000.
    pub max_payload: usize,
    /// Which transports are offered. Default both.
    pub transports: Transports,
    /// Which pages may connect. Default those of the same origin.
    pub cors: Cors,
    /// How many bytes may wait for one client. A client that reads slower than it is
    /// sent to is closed with [`SlowReader`](crate::CloseReason::SlowReader) when
    /// this is spent. Default 1 MiB.
    pub outbound_budget: usize,
    /// How long a POST body may take to arrive. Default 10 s.
    pub body_timeout: Duration,
    /// How many sessions there may be at once; a handshake over it gets 503. Default
    /// 100,000.
    pub max_sessions: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: "/engine.io/".into(),
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            upgrade_timeout: Duration::from_secs(10),
            max_payload: 1_000_000,
            transports: Transports::ALL,
            cors: Cors::SameOrigin,
            outbound_budget: 1024 * 1024,
            body_timeout: Duration::from_secs(10),
            max_sessions: 100_000,
        }
    }
}
