//! A Socket.IO client, for programs: tests, robots, servers that talk to servers (cargo
//! feature `client`).
//!
//! ```no_run
//! use socket_io::client::{Client, Config, Socket};
//! use std::time::Duration;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new("http://localhost:5000", Config::default())?;
//! let chat = client.of("/chat");
//! chat.on("msg_to_room", async |_: Socket, nickname: String, text: String| {
//!     println!("{nickname}: {text}");
//! });
//! chat.connect().await?;
//! let joined: bool = chat.emit_with_ack("join", "lobby").await?;
//! client.close(Duration::from_secs(5)).await;
//! # Ok(())
//! # }
//! ```
//!
//! It behaves as the official JavaScript client does, with what Rust programs expect on
//! top: arguments are decoded into a handler's types, every queue has a limit, and every
//! wait an end.
//!
//! | JavaScript | here |
//! |---|---|
//! | `new Manager(url, options)` | [`Client::new`] |
//! | `manager.socket("/chat", { auth })` | [`Client::of`], [`Socket::set_auth`] |
//! | `socket.connect()` | [`Socket::connect`], or [`Socket::open`], which does not wait |
//! | `socket.on("connect", …)` | [`Socket::on_connect`] |
//! | `socket.on("connect_error", …)` | [`Socket::on_connect_error`] |
//! | `socket.on("disconnect", …)` | [`Socket::on_disconnect`] |
//! | `socket.timeout(2000).emitWithAck(…)` | [`Socket::emit_with_ack`] |
//! | `socket.volatile.emit(…)` | [`Socket::emit_volatile`] |
//! | `reconnectionDelay`, `reconnectionDelayMax`, `randomizationFactor`, `reconnectionAttempts` | [`Reconnect`] |
//! | `query`, `extraHeaders`, `path`, `timeout` | [`Config`] |
//! | `socket.recovered`, `socket.id` | [`Socket::recovered`], [`Socket::id`] |
//!
//! # What is sent, and how often
//!
//! An event is sent at most once. Without a connection, events wait in a queue
//! ([`Offline`]). An event that was on its way when the connection broke is not sent
//! again: an acknowledgement that was due for it ends with
//! [`AckError::Disconnected`](crate::AckError::Disconnected). To be sure of an event, ask
//! for an acknowledgement, and send the event again with an idempotency key.
//!
//! # What is not here
//!
//! - The connection is a WebSocket from the start; there is no HTTP long-polling.
//! - There is no TLS. [`Client::with_dialer`] accepts any stream, for example
//!   one that `tokio_rustls` has made.
//! - There is no `retries` option, and cookies are sent (as a header) but not collected.

mod assembler;
mod config;
mod driver;
mod error;
pub(crate) mod machine;
mod seat;
mod socket;
pub(crate) mod websocket;

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

pub use config::{Config, Limits, Offline, Reconnect};
#[cfg(feature = "test-client")]
pub(crate) use driver::NewsReceiver;
use driver::Shared;
pub use error::{ConnectFailure, DisconnectReason, EmitError};
pub use socket::Socket;
use socket::{Seat, dispatch};
use websocket::{Address, ByteStream, Dial, handshake};

/// One connection to a server, with the namespaces that share it: a cheap handle.
///
/// It connects when the first of its namespaces does, and comes back by itself when the
/// connection is lost. When the last handle is dropped, or with [`close`](Self::close), it
/// leaves all namespaces and ends.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    sockets: Mutex<Vec<(Box<str>, Arc<Seat>)>>,
    next_ack: AtomicU64,
}

impl Client {
    /// A client of the server at `url`, which is `http://` (or `ws://`), a host, and a
    /// port if it is not 80. Connects to nothing yet.
    ///
    /// # Errors
    /// The URL, or a header or the query in `config`, is not well formed.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(url: &str, config: Config) -> io::Result<Self> {
        let dialer = {
            let address = Address::parse(url).map_err(invalid)?;
            move || {
                let address = address.clone();
                async move { address.connect().await }
            }
        };
        Self::with_dialer(url, config, dialer)
    }

    /// The same over connections that `dialer` makes: for TLS, a proxy, a Unix-domain
    /// socket. `url` has the name of the host that the request will ask for, as `Host`.
    ///
    /// ```no_run
    /// use socket_io::client::Client;
    ///
    /// # fn example() -> std::io::Result<()> {
    /// let client = Client::with_dialer("http://localhost", Default::default(), || {
    ///     tokio::net::UnixStream::connect("/run/chat.sock")
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`new`](Self::new).
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn with_dialer<F, Fut, IO>(
        url: &str,
        config: Config,
        dialer: F,
    ) -> io::Result<Self>
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = io::Result<IO>> + Send + 'static,
        IO: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let authority = Address::parse(url).map_err(invalid)?.authority;
        if !websocket::is_plain(&config) {
            return Err(invalid(
                "the path, the query or a header is not well formed",
            ));
        }
        let request = Arc::new((authority, config.clone()));
        let dial: Dial = Box::new(move || {
            let (stream, request) = (dialer(), request.clone());
            Box::pin(async move {
                let stream = stream.await.map_err(|error| error.to_string())?;
                let stream: Box<dyn ByteStream> = Box::new(stream);
                handshake(stream, &request.0, &request.1).await
            })
        });
        Ok(Self::from_dial(config, dial))
    }

    pub(crate) fn from_dial(config: Config, dial: Dial) -> Self {
        Self(Arc::new(Inner {
            shared: Arc::new(Shared::new(config, dial)),
            sockets: Mutex::default(),
            next_ack: AtomicU64::new(0),
        }))
    }

    /// Returns the handle for a namespace; the same name is the same socket. It connects
    /// with [`Socket::connect`].
    pub fn of(&self, namespace: &str) -> Socket {
        let name = normalize(namespace);
        let mut sockets = self.lock();
        if let Some((_, seat)) = sockets.iter().find(|(known, _)| **known == *name) {
            return Socket::with_seat(self.clone(), seat.clone());
        }
        let mut added = self.0.shared.add(&name);
        let socket = Socket::new(self.clone(), &name, &added);
        sockets.push((name.into(), socket.seat().clone()));
        if let Some(news) = added.news.take() {
            let (client, seat) = (Arc::downgrade(&self.0), socket.seat().clone());
            self.0.shared.tasks.spawn(dispatch(client, seat, news));
        }
        socket
    }

    /// Leaves all namespaces, after the events that were emitted before, closes the
    /// connection, and waits until `deadline` has passed for that and for handlers that
    /// are still at work. Afterwards no namespace can be opened. A handler that awaits
    /// this waits for itself, until the deadline.
    pub async fn close(&self, deadline: Duration) {
        self.0.shared.close();
        self.0.shared.tasks.finish(deadline).await;
        // Without the lock: dropping handlers can run a program's code.
        let sockets = std::mem::take(&mut *self.lock());
        for (_, seat) in sockets {
            seat.clear();
        }
    }

    /// A namespace without a task: its news go to the caller, which says of each that it is
    /// [done](Socket::done). Once for each name.
    #[cfg(feature = "test-client")]
    pub(crate) fn of_unhandled(&self, namespace: &str) -> (Socket, Option<NewsReceiver>) {
        let name = normalize(namespace);
        let mut added = self.0.shared.add(&name);
        (Socket::new(self.clone(), &name, &added), added.news.take())
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    fn next_ack(&self) -> u64 {
        self.0.next_ack.fetch_add(1, Ordering::Relaxed)
    }

    fn upgrade(client: &Weak<Inner>) -> Option<Self> {
        client.upgrade().map(Self)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Box<str>, Arc<Seat>)>> {
        self.0
            .sockets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.close();
    }
}

/// A name with its slash.
fn normalize(name: &str) -> String {
    if name.starts_with('/') {
        name.to_owned()
    } else {
        format!("/{name}")
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sockets = self.lock();
        let names: Vec<&str> = sockets.iter().map(|(name, _)| &**name).collect();
        f.debug_struct("Client")
            .field("namespaces", &names)
            .finish()
    }
}
