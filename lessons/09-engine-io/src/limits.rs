//! The limits of a server's connections.

use std::time::Duration;

/// The limits of one server's connections.
///
/// ```
/// use std::time::Duration;
/// use engine_io::ServeLimits;
///
/// let limits = ServeLimits {
///     connections: 10_000,
///     header_timeout: Duration::from_secs(10),
///     ..ServeLimits::default()
/// };
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ServeLimits {
    /// Connections at once; more wait in the listen backlog. Default 100,000 (the limit
    /// on open files is usually lower).
    pub connections: usize,
    /// The most bytes that a request's line and headers may have, at least 8 KiB; a larger
    /// request gets 431. Default 16 KiB.
    pub max_head: usize,
    /// How long the headers of a request may take to arrive, a connection's handshake,
    /// and how long an idle connection is kept. Default 30 s.
    pub header_timeout: Duration,
    /// How long a client may leave sent data unacknowledged before the kernel drops it
    /// (Linux). Default 30 s.
    pub write_timeout: Duration,
    /// How long requests may take to finish when the server stops. Default 5 s.
    pub drain: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections: 100_000,
            max_head: 16 << 10,
            header_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            drain: Duration::from_secs(5),
        }
    }
}
