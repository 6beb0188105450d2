//! Our own accept loop around a warp filter, for the open network.
//!
//! `warp::serve` is fine for a lesson, but it waits for a half-sent request as long as
//! the client likes. Here every wait has an end and every connection a place: headers
//! have a deadline, connections are counted, a client that does not take its answer is
//! dropped by the kernel, and at the end the server stops accepting, lets requests finish
//! and goes.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Request, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use warp::{Filter, Reply};

use crate::occasionally::Occasionally;
use crate::screen::screen;

/// The smallest buffer that hyper accepts.
const MIN_HEAD: usize = 8 << 10;
/// Stands for "never" where hyper adds it to the time.
const FAR: Duration = Duration::from_secs(365 * 86_400);

/// The limits of one server's connections.
#[derive(Clone, Copy, Debug)]
pub struct ServeLimits {
    /// Connections at once; more wait in the listen backlog. Default 100,000 (the limit
    /// on open files is usually lower).
    pub connections: usize,
    /// The most bytes that a request's line and headers may have, at least 8 KiB; a larger
    /// request gets 431. Default 16 KiB.
    pub max_head: usize,
    /// How long the headers of a request may take to arrive, and how long an idle
    /// connection is kept. Default 30 s.
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

/// The other end of a connection. A clone keeps the connection's place among
/// [`ServeLimits::connections`], and keeps [`run`] waiting for it.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) addr: SocketAddr,
    _place: Arc<(OwnedSemaphorePermit, TaskTrackerToken)>,
}

/// Serves `filter` on `listener` until `shutdown` completes, then stops accepting and
/// lets requests finish. Connections that have not ended after [`ServeLimits::drain`] are
/// dropped; those that have become WebSockets belong to
/// [`Server::shutdown`](crate::Server::shutdown).
///
/// # Errors
/// Returns an error if the listener's address cannot be read. A failed accept (out of
/// file descriptors, say) is logged and tried again.
pub async fn run<F>(
    listener: TcpListener,
    filter: F,
    limits: ServeLimits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()>
where
    F: Filter<Error = warp::Rejection> + Clone + Send + Sync + 'static,
    F::Extract: Reply,
    F::Future: Send,
{
    let service = TowerToHyperService::new(warp::service(filter));
    let places = Arc::new(Semaphore::new(
        limits.connections.min(Semaphore::MAX_PERMITS),
    ));
    let tasks = TaskTracker::new();
    // First no more requests, then no more connections.
    let (stop, end) = (CancellationToken::new(), CancellationToken::new());
    // Whatever ends this function, its tasks do not outlive it.
    let _end = end.clone().drop_guard();
    let mut shutdown = pin!(shutdown);
    // HTTP/1 alone: a builder that also knows HTTP/2 first waits for a byte to tell them
    // apart, as long as it takes.
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout.min(FAR))
        .max_buf_size(limits.max_head.max(MIN_HEAD));
    tracing::info!(address = %listener.local_addr()?, "listening");
    let failures = Occasionally::default();
    loop {
        let (stream, addr, place) = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &places, &failures) => accepted,
        };
        prepare(&stream, limits);
        let peer = Peer {
            addr,
            _place: Arc::new((place, tasks.token())),
        };
        let service = service.clone();
        let (stop, end) = (stop.clone(), end.clone());
        let http = http.clone();
        tasks.spawn(async move {
            let service = service_fn(move |mut request: Request<Incoming>| {
                let refused = screen(&request).err();
                request.extensions_mut().insert(peer.clone());
                // The filter's future is made only for a request that may reach it.
                let answer = refused.is_none().then(|| service.call(request));
                async move {
                    match answer {
                        Some(answer) => answer.await,
                        None => Ok(bad_request(refused.unwrap_or_default())),
                    }
                }
            });
            let mut connection = pin!(
                http.serve_connection(TokioIo::new(stream), service)
                    .with_upgrades()
            );
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    tokio::select! {
                        ended = connection.as_mut() => ended,
                        () = end.cancelled() => return,
                    }
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "connection ended");
            }
        });
    }
    drop(listener);
    stop.cancel();
    tasks.close();
    if timeout(limits.drain, tasks.wait()).await.is_err() {
        tracing::warn!(left = tasks.len(), "connections that did not end in time");
    }
    Ok(())
}

/// The response to a request that is not passed on. What follows it on the connection
/// cannot be trusted either.
fn bad_request(why: &'static str) -> warp::reply::Response {
    let mut response = why.into_response();
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    failures: &Occasionally,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    loop {
        let Ok(place) = places.clone().acquire_owned().await else {
            continue;
        };
        match listener.accept().await {
            Ok((stream, addr)) => return (stream, addr, place),
            Err(error) => {
                if let Some(times) = failures.count() {
                    tracing::warn!(%error, times, "cannot accept connections");
                }
                // Out of descriptors: a connection has to end first.
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

fn prepare(stream: &TcpStream, limits: ServeLimits) {
    // Small packets, sent when they are ready: Nagle's wait would add up to 40 ms to
    // each.
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ =
        socket2::SockRef::from(stream).set_tcp_user_timeout(Some(limits.write_timeout));
    #[cfg(not(target_os = "linux"))]
    let _ = limits;
}
