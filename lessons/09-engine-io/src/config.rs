//! Server configuration.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, Method};

use crate::compression::{HttpCompression, PerMessageDeflate};
use crate::cookie::Cookie;
use crate::hooks::Hooks;

/// The transport a session is using.
///
/// ```
/// use engine_io::{Session, Transport};
///
/// fn is_slow(session: &Session) -> bool {
///     session.transport() == Transport::Polling
/// }
/// ```
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
///
/// ```
/// use engine_io::{Config, Transports};
///
/// // No polling: a session is one connection, and a load balancer need not be sticky.
/// let transports = Transports { polling: false, ..Transports::ALL };
/// let config = Config { transports, ..Config::default() };
/// ```
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
/// `Origin`, upgrades included.
///
/// A page that may not connect is refused with 403. The reference server carries out what
/// such a page asks for and only leaves out the header that would let it read the answer.
/// That is not enough here: a POST needs no permission to be sent, and browsers do not
/// apply CORS to WebSocket at all, so that a server without this check is open to every
/// page on the web, with its user's cookies (CVE-2020-28481).
///
/// ```
/// use engine_io::{Config, Cors};
///
/// // Every page of one organization.
/// let cors = Cors::matching(|origin| {
///     origin.strip_prefix("https://").is_some_and(|host| host.ends_with(".example.org"))
/// });
/// let config = Config { cors, ..Config::default() };
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cors {
    /// Pages from this very host and port.
    #[default]
    SameOrigin,
    /// Any page, without credentials (`Access-Control-Allow-Origin: *`).
    Any,
    /// The same origin and these, written as browsers write them:
    /// `https://example.org`. With credentials.
    Origins(Vec<String>),
    /// The same origin and those that a function allows, with credentials: see
    /// [`Cors::matching`].
    Matching(OriginRule),
}

impl Cors {
    /// The same origin, and those for which `allows` returns true. It is called with each
    /// request from another origin: it must not block. If it panics, the page is refused.
    pub fn matching(allows: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self::Matching(OriginRule(Arc::new(allows)))
    }
}

/// The function of [`Cors::matching`]. Clones of one are equal.
///
/// ```
/// use engine_io::{Config, Cors};
///
/// let cors = Cors::matching(|origin| origin.ends_with(".example"));
/// // The same rule in another server of this program.
/// let config = Config { cors: cors.clone(), ..Config::default() };
/// assert_eq!(config.cors, cors);
/// ```
#[derive(Clone)]
pub struct OriginRule(pub(crate) Arc<dyn Fn(&str) -> bool + Send + Sync>);

impl PartialEq for OriginRule {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for OriginRule {}

impl fmt::Debug for OriginRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OriginRule")
    }
}

/// The methods and headers that pages of other origins may use, and the headers that they
/// may read.
///
/// ```
/// use engine_io::{Config, CorsHeaders};
/// use http::HeaderName;
///
/// let cors_headers = CorsHeaders {
///     exposed: vec![HeaderName::from_static("x-server")],
///     ..CorsHeaders::default()
/// };
/// let config = Config { cors_headers, ..Config::default() };
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CorsHeaders {
    /// The methods that a preflight allows. An empty list stands for `GET` and `POST`, the
    /// only methods in the protocol.
    pub methods: Vec<Method>,
    /// The request headers that a preflight allows. An empty list stands for all headers
    /// that the page asks for, because the server itself ignores them.
    pub allowed: Vec<HeaderName>,
    /// The response headers that a page may read, in addition to the few that browsers
    /// always let it read.
    pub exposed: Vec<HeaderName>,
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
    /// Whether a session that polls may move to a WebSocket. Default yes.
    pub allow_upgrades: bool,
    /// Which pages may connect. Default those of the same origin.
    pub cors: Cors,
    /// The headers that pages of other origins may send and read. By default they may send
    /// any header that they ask for.
    pub cors_headers: CorsHeaders,
    /// The cookie for a load balancer. Default none.
    pub cookie: Option<Cookie>,
    /// Functions of the application that the server calls about requests. Default none.
    pub hooks: Hooks,
    /// How long [`Hooks::allow_request`] may take. Default 10 s.
    pub check_timeout: Duration,
    /// How many frames one message over WebSocket may have. A frame costs no
    /// memory, only a moment of work, so this bounds what a message without an end can
    /// cost. Default 16,384.
    pub max_fragments: usize,
    /// How many bytes may wait for one client. A client that reads more slowly than it is
    /// sent to is closed with [`SlowReader`](crate::CloseReason::SlowReader) when
    /// this is spent. A handler may send all of it before the client has had a chance to
    /// read, so it should be several times `max_payload`. Default 8 MiB.
    pub outbound_budget: usize,
    /// How many bytes may wait, in all sessions together, for clients that have taken
    /// nothing for a second. Beyond it those that have waited longest are closed with
    /// [`MemoryPressure`](crate::CloseReason::MemoryPressure). A message that waits for
    /// many clients counts for each of them. Default 256 MiB.
    pub total_outbound: usize,
    /// How long a paused session may stay as it is: without
    /// [`resume`](crate::Session::resume), or another
    /// [`pause`](crate::Session::pause) to show that the application is alive. Then it is
    /// closed with [`Stalled`](crate::CloseReason::Stalled). Default 5 minutes.
    pub pause_timeout: Duration,
    /// How long a POST body may take to arrive, beyond the time that its bytes take at
    /// `min_body_rate`. Default 10 s.
    pub body_timeout: Duration,
    /// The slowest rate at which a POST body may arrive, in bytes per second. Default 4,096.
    pub min_body_rate: usize,
    /// How many bytes of the first request, its query and its headers, a session keeps; a
    /// larger request gets 431. Default 8 KiB.
    pub max_handshake: usize,
    /// How many sessions there may be at once; further handshakes are answered with 503.
    /// Default 100,000.
    pub max_sessions: usize,
    /// How many sessions one remote address may have at once, of IPv6 a network of 64
    /// bits; further handshakes are answered with 429. Behind a proxy all clients have
    /// the proxy's address, unless `trusted_proxies` says otherwise. Default 20,000.
    pub max_sessions_per_address: usize,
    /// How many proxies stand in front of this server, each of which adds the address of
    /// its client to `X-Forwarded-For`. Then that header names the remote address, and
    /// `X-Forwarded-Host` this server's own name. Default 0: anybody can write these
    /// headers, and they are ignored.
    pub trusted_proxies: usize,
    /// The names under which browsers know this server, with a port that is not the usual
    /// one: `chat.example`, `localhost:5000`. If there are any, they are this server's
    /// own origin, whatever a proxy writes into `Host`; and a request for another name is
    /// refused, because it may be another page's name that points here (DNS rebinding).
    /// Default none: the `Host` of each request is believed.
    pub public_hosts: Vec<String>,
    /// Compression of messages over WebSocket, for clients that offer it. Default none.
    pub per_message_deflate: Option<PerMessageDeflate>,
    /// Compression of the responses to polls, for clients that accept it. Default
    /// none: the reference server has it on, but the answers hold what users write next
    /// to what others must not learn, and a length tells (BREACH).
    pub http_compression: Option<HttpCompression>,
}

impl Config {
    /// Returns whether a path is the server's, or below it.
    pub(crate) fn covers(&self, path: &str) -> bool {
        let below = path.strip_prefix(self.path.trim_end_matches('/'));
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: "/engine.io/".into(),
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            upgrade_timeout: Duration::from_secs(10),
            max_payload: 1_000_000,
            max_fragments: 16 * 1024,
            transports: Transports::ALL,
            allow_upgrades: true,
            cors: Cors::SameOrigin,
            cors_headers: CorsHeaders::default(),
            cookie: None,
            hooks: Hooks::default(),
            check_timeout: Duration::from_secs(10),
            outbound_budget: 8 << 20,
            total_outbound: 256 << 20,
            pause_timeout: Duration::from_secs(300),
            body_timeout: Duration::from_secs(10),
            min_body_rate: 4096,
            max_handshake: 8 << 10,
            max_sessions: 100_000,
            max_sessions_per_address: 20_000,
            trusted_proxies: 0,
            public_hosts: Vec::new(),
            per_message_deflate: None,
            http_compression: None,
        }
    }
}
