//! A server's settings.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::adapter::Adapter;
use crate::limits::Limits;
use crate::local::Local;
use crate::recovery::Recovery;
use crate::wire::parser::Parser;

/// A server's settings.
///
/// ```
/// use std::time::Duration;
/// use socket_io::{Config, Io, Limits, Recovery};
///
/// let mut config = Config {
///     ack_timeout: Duration::from_secs(5),
///     recovery: Some(Recovery::default()),
///     limits: Limits { max_rooms: 10, ..Limits::default() },
///     ..Config::default()
/// };
/// config.engine.max_payload = 64 << 10;
/// let io = Io::new(config);
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    /// The sessions below: path (`/socket.io/` by default), heartbeat, payload size,
    /// transports, origins.
    pub engine: engine_io::Config,
    /// How long a client may be in no namespace, a namespace's middleware may take, and an
    /// event's attachments. Default 45 s.
    pub connect_timeout: Duration,
    /// How long clients may take to acknowledge an event, unless the question says
    /// otherwise. Default 10 s.
    pub ack_timeout: Duration,
    /// Whether clients that were away get what they missed. Default not.
    pub recovery: Option<Recovery>,
    /// The limits on what one client may make the server keep.
    pub limits: Limits,
    /// How many namespaces predicates may make. Default 1,000.
    pub max_dynamic_namespaces: usize,
    /// Whether a namespace that a predicate has accepted goes with its last client.
    /// Default yes. If not, new names are refused once there are
    /// [`max_dynamic_namespaces`](Self::max_dynamic_namespaces).
    pub cleanup_empty_child_namespaces: bool,
    /// How packets are encoded. Default as text with attachments, the protocol's own
    /// encoding.
    pub parser: Parser,
    /// How namespaces reach the sockets of other servers. Default not: this server is the
    /// only one.
    pub adapters: Adapters,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            engine: engine_io::Config {
                path: "/socket.io/".into(),
                ..engine_io::Config::default()
            },
            connect_timeout: Duration::from_secs(45),
            ack_timeout: Duration::from_secs(10),
            recovery: None,
            limits: Limits::default(),
            max_dynamic_namespaces: 1000,
            cleanup_empty_child_namespaces: true,
            parser: Parser::default(),
            adapters: Adapters::default(),
        }
    }
}

/// Makes an [`Adapter`] for each namespace.
///
/// With an adapter, this server is one of a cluster, and on the way to the others a socket's
/// own room and a named one are both text. So a socket can then not join a room that is
/// named like a socket, with 20 letters, digits, `-` or `_`: see
/// [`JoinError::LooksLikeAnId`](crate::JoinError::LooksLikeAnId).
///
/// ```
/// use std::sync::Arc;
/// use socket_io::{Adapter, Adapters, Config, Local};
///
/// struct Alone(Local);
///
/// impl Adapter for Alone {
///     fn local(&self) -> &Local { &self.0 }
/// }
///
/// let config = Config {
///     adapters: Adapters::new(|local| Arc::new(Alone(local))),
///     ..Config::default()
/// };
/// ```
#[derive(Clone, Default)]
pub struct Adapters(Option<Arc<Make>>);

type Make = dyn Fn(Local) -> Arc<dyn Adapter> + Send + Sync;

impl Adapters {
    /// Calls `make` with the local half of each namespace that is opened, which has the
    /// [name](Local::namespace).
    pub fn new<A: Adapter>(
        make: impl Fn(Local) -> Arc<A> + Send + Sync + 'static,
    ) -> Self {
        Self(Some(Arc::new(move |local| make(local))))
    }

    pub(crate) fn make(&self, local: &Local) -> Option<Arc<dyn Adapter>> {
        self.0.as_ref().map(|make| make(local.clone()))
    }
}

impl fmt::Debug for Adapters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adapters").finish_non_exhaustive()
    }
}
