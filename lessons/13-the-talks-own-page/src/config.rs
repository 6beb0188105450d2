//! Settings.

use std::time::Duration;

use crate::v09::Transport;

/// Which clients of old times are let in, and how. The limits, the heartbeat, the origins,
/// the hooks and the load balancer's cookie are those of the server. Compression is not:
/// the gateway sends messages and bodies as they are.
///
/// ```
/// use heritage::{Config, Protocols};
///
/// let only_socket_io_2 = Config {
///     protocols: Protocols { v09: false, v3: true },
///     ..Config::default()
/// };
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    /// The protocols. Default both.
    pub protocols: Protocols,
    /// The transports of 0.9, in the order in which clients are to try them. Default all
    /// but the Flash movie's.
    pub transports: Vec<Transport>,
    /// How long a poll of 0.9 waits before it is answered with a noop. Default 20 s.
    pub polling_duration: Duration,
}

/// Which protocols are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protocols {
    /// Socket.IO 0.9.
    pub v09: bool,
    /// Engine.IO 3 with Socket.IO protocol 4: the clients of Socket.IO 1 and 2.
    pub v3: bool,
}

impl Default for Config {
    fn default() -> Self {
        let all = Transport::ALL.into_iter();
        Self {
            protocols: Protocols {
                v09: true,
                v3: true,
            },
            transports: all.filter(|it| *it != Transport::FlashSocket).collect(),
            polling_duration: Duration::from_secs(20),
        }
    }
}
