//! The other end of a connection, as the handlers of its requests see it.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::hold::Hold;

/// The other end of the connection that a request came over.
///
/// [`run`](crate::run) puts a peer into the extensions of each request. Below another HTTP
/// server the application can do the same, so that the [`Server`](crate::Server) knows
/// its clients' addresses and can limit the sessions of each address:
///
/// ```
/// let mut request = http::Request::new(());
/// request.extensions_mut().insert(engine_io::Peer::new(([127, 0, 0, 1], 50_000), true));
/// ```
///
/// A clone keeps the connection's place among
/// [`ServeLimits::connections`](crate::ServeLimits::connections), and keeps `run` waiting
/// for it.
#[derive(Clone)]
pub struct Peer(Arc<Place>);

struct Place {
    remote_addr: Option<SocketAddr>,
    secure: bool,
    hold: Hold,
    _taken: Option<(OwnedSemaphorePermit, TaskTrackerToken)>,
}

impl Peer {
    /// Returns the peer of a connection from `remote_addr`; `secure` says whether the
    /// connection is encrypted.
    pub fn new(remote_addr: impl Into<SocketAddr>, secure: bool) -> Self {
        Self(Arc::new(Place {
            remote_addr: Some(remote_addr.into()),
            secure,
            hold: Hold::default(),
            _taken: None,
        }))
    }

    /// Returns the peer of a connection that has a place among those of
    /// [`run`](crate::run).
    pub(crate) fn with_place(
        remote_addr: Option<SocketAddr>,
        secure: bool,
        permit: OwnedSemaphorePermit,
        task: TaskTrackerToken,
    ) -> Self {
        Self(Arc::new(Place {
            remote_addr,
            secure,
            hold: Hold::default(),
            _taken: Some((permit, task)),
        }))
    }

    /// Returns the connection's remote address, or `None` for a Unix-domain socket.
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.0.remote_addr
    }

    /// Returns whether the connection is encrypted.
    pub fn is_secure(&self) -> bool {
        self.0.secure
    }

    pub(crate) fn hold(&self) -> &Hold {
        &self.0.hold
    }
}

impl AsRef<Hold> for Peer {
    fn as_ref(&self) -> &Hold {
        &self.0.hold
    }
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peer")
            .field("remote_addr", &self.0.remote_addr)
            .field("secure", &self.0.secure)
            .finish_non_exhaustive()
    }
}
