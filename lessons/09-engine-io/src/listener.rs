//! Where connections come from: TCP, a Unix-domain socket, or either of them below TLS.

use std::future::{Future, Ready, ready};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};

use crate::limits::ServeLimits;

/// A source of connections for [`run`](crate::run).
///
/// The library has it for [`TcpListener`], for [`UnixListener`] and for
/// [`with_handshake`]. Your own is usually built around one of these. Here is one that
/// counts the connections:
///
/// ```
/// use std::io;
/// use std::net::SocketAddr;
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use engine_io::{Listener, ServeLimits};
///
/// struct Counting<L> { listener: L, connections: Arc<AtomicU64> }
///
/// impl<L: Listener> Listener for Counting<L> {
///     type Stream = L::Stream;
///     type Connecting = L::Connecting;
///     const SECURE: bool = L::SECURE;
///
///     async fn accept(
///         &mut self,
///         limits: &ServeLimits,
///     ) -> io::Result<(L::Connecting, Option<SocketAddr>)> {
///         let accepted = self.listener.accept(limits).await?;
///         self.connections.fetch_add(1, Ordering::Relaxed);
///         Ok(accepted)
///     }
///
///     fn address(&self) -> io::Result<String> {
///         self.listener.address()
///     }
/// }
/// ```
pub trait Listener: Send + 'static {
    /// A connection that is ready for requests.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    /// The future that makes an accepted connection ready for requests. It runs in the
    /// connection's own task, within [`ServeLimits::header_timeout`], so that a slow client
    /// does not delay the others.
    type Connecting: Future<Output = io::Result<Self::Stream>> + Send + 'static;
    /// Whether the connections are encrypted.
    const SECURE: bool = false;

    /// Waits for the next connection. The kernel enforces
    /// [`write_timeout`](ServeLimits::write_timeout) where it can. The address is the
    /// client's, if it has one.
    fn accept(
        &mut self,
        limits: &ServeLimits,
    ) -> impl Future<Output = io::Result<(Self::Connecting, Option<SocketAddr>)>> + Send;

    /// Returns the address or the path that this listener is bound to. The log names it.
    ///
    /// # Errors
    /// Returns an error if the system does not say.
    fn address(&self) -> io::Result<String>;
}

impl Listener for TcpListener {
    type Stream = TcpStream;
    type Connecting = Ready<io::Result<TcpStream>>;

    async fn accept(
        &mut self,
        limits: &ServeLimits,
    ) -> io::Result<(Self::Connecting, Option<SocketAddr>)> {
        let (stream, addr) = TcpListener::accept(self).await?;
        // Small packets, sent when they are ready: Nagle's wait would add up to 40 ms to
        // each.
        let _ = stream.set_nodelay(true);
        #[cfg(target_os = "linux")]
        let _ = socket2::SockRef::from(&stream)
            .set_tcp_user_timeout(Some(limits.write_timeout));
        #[cfg(not(target_os = "linux"))]
        let _ = limits;
        Ok((ready(Ok(stream)), Some(addr)))
    }

    fn address(&self) -> io::Result<String> {
        Ok(self.local_addr()?.to_string())
    }
}

/// A client of a Unix-domain socket has no address, and sessions without an address are
/// not limited [per address](crate::Config::max_sessions_per_address). Behind a proxy, set
/// [`Config::trusted_proxies`](crate::Config::trusted_proxies), so that the proxy's headers
/// name the addresses.
#[cfg(unix)]
impl Listener for UnixListener {
    type Stream = UnixStream;
    type Connecting = Ready<io::Result<UnixStream>>;

    async fn accept(
        &mut self,
        _: &ServeLimits,
    ) -> io::Result<(Self::Connecting, Option<SocketAddr>)> {
        let (stream, _) = UnixListener::accept(self).await?;
        Ok((ready(Ok(stream)), None))
    }

    fn address(&self) -> io::Result<String> {
        let address = self.local_addr()?;
        let path = address.as_pathname().map(|path| path.display().to_string());
        Ok(path.unwrap_or_else(|| "an unnamed socket".into()))
    }
}

/// Returns a listener that passes each new connection through `handshake` before the first
/// request, which is how TLS works:
///
/// ```no_run
/// # use tokio::net::{TcpListener, TcpStream};
/// # #[derive(Clone)] struct TlsAcceptor;
/// # impl TlsAcceptor { async fn accept(&self, tcp: TcpStream) -> std::io::Result<TcpStream> { Ok(tcp) } }
/// # async fn example(acceptor: TlsAcceptor, server: engine_io::Server) -> std::io::Result<()> {
/// let listener = TcpListener::bind("0.0.0.0:443").await?;
/// // `acceptor` is a `tokio_rustls::TlsAcceptor`.
/// let listener = engine_io::with_handshake(listener, move |tcp| {
///     let acceptor = acceptor.clone();
///     async move { acceptor.accept(tcp).await }
/// });
/// let limits = engine_io::ServeLimits::default();
/// engine_io::run(listener, engine_io::filter(&server), limits, std::future::pending()).await
/// # }
/// ```
///
/// Its connections count as encrypted.
pub fn with_handshake<L, H, F, S>(listener: L, handshake: H) -> impl Listener<Stream = S>
where
    L: Listener,
    H: Fn(L::Stream) -> F + Clone + Send + 'static,
    F: Future<Output = io::Result<S>> + Send + 'static,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    WithHandshake {
        listener,
        handshake,
    }
}

struct WithHandshake<L, H> {
    listener: L,
    handshake: H,
}

impl<L, H, F, S> Listener for WithHandshake<L, H>
where
    L: Listener,
    H: Fn(L::Stream) -> F + Clone + Send + 'static,
    F: Future<Output = io::Result<S>> + Send + 'static,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = S;
    type Connecting = Pin<Box<dyn Future<Output = io::Result<S>> + Send>>;
    const SECURE: bool = true;

    async fn accept(
        &mut self,
        limits: &ServeLimits,
    ) -> io::Result<(Self::Connecting, Option<SocketAddr>)> {
        let (connecting, addr) = self.listener.accept(limits).await?;
        let handshake = self.handshake.clone();
        let connecting = async move {
            let ready = connecting.await?;
            let shaken = { handshake }(ready);
            shaken.await
        };
        Ok((Box::pin(connecting), addr))
    }

    fn address(&self) -> io::Result<String> {
        self.listener.address()
    }
}
