//! Our own accept loop, for the open network.
//!
//! `warp::serve` is fine for a lesson, but it waits for a half-sent request as long as the
//! client likes. Here every wait has an end, and every connection is counted: headers have
//! a deadline, the kernel drops a client that does not take its response, and at the end
//! the server stops accepting, lets requests finish and exits.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{Either, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use warp::{Filter, Reply};

use crate::body::RequestBody;
use crate::limits::ServeLimits;
use crate::listener::Listener;
use crate::occasionally::Occasionally;
use crate::peer::Peer;
use crate::screen::screen;
use crate::stream::Stream;

/// The smallest buffer that hyper accepts.
const MIN_HEAD: usize = 8 << 10;
/// Stands for "never" where hyper adds it to the time.
const FAR: Duration = Duration::from_secs(365 * 86_400);

/// Serves `filter` on `listener` until `shutdown` completes, then stops accepting and
/// lets requests finish. Connections that have not ended after [`ServeLimits::drain`] are
/// dropped; those that have become `WebSocket`s belong to
/// [`Server::shutdown`](crate::Server::shutdown).
///
/// The listener may be a TCP or a Unix-domain socket's, or one
/// [with a handshake](crate::with_handshake), as TLS has.
///
/// ```no_run
/// # async fn example(server: engine_io::Server) -> std::io::Result<()> {
/// use engine_io::{ServeLimits, filter, run};
/// use tokio::net::TcpListener;
///
/// let listener = TcpListener::bind("127.0.0.1:3000").await?;
/// let stop = async { drop(tokio::signal::ctrl_c().await) };
/// run(listener, filter(&server), ServeLimits::default(), stop).await
/// # }
/// ```
///
/// # Errors
/// Returns an error if the listener's address cannot be read. A failed accept (out of
/// file descriptors, say) is logged and tried again.
pub async fn run<F>(
    listener: impl Listener,
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
    accept_loop(listener, service, limits, shutdown).await
}

/// The loop itself, around any service.
pub(crate) async fn accept_loop<L, S, B>(
    mut listener: L,
    service: S,
    limits: ServeLimits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()>
where
    L: Listener,
    S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
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
    tracing::info!(address = listener.address()?, "listening");
    let failures = Occasionally::default();
    loop {
        let (connecting, addr, place) = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&mut listener, &limits, &places, &failures) => accepted,
        };
        let peer = Peer::with_place(addr, L::SECURE, place, tasks.token());
        let service = service.clone();
        let (stop, end) = (stop.clone(), end.clone());
        let http = http.clone();
        tasks.spawn(async move {
            let shaken = tokio::select! {
                shaken = timeout(limits.header_timeout.min(FAR), connecting) => shaken,
                () = stop.cancelled() => return,
            };
            let stream = match shaken {
                Ok(Ok(stream)) => stream,
                Ok(Err(error)) => return tracing::debug!(%error, "no handshake"),
                Err(_) => return tracing::debug!("no handshake in time"),
            };
            let stream = Stream::new(stream, peer.clone());
            let answer = service_fn(move |request| answer(&service, &peer, request));
            let mut connection = pin!(
                http.serve_connection(TokioIo::new(stream), answer)
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

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Answers one request of a connection. The service's future is made only for a request
/// that may reach it.
fn answer<S, B>(
    service: &S,
    peer: &Peer,
    mut request: Request<Incoming>,
) -> impl Future<Output = Result<Response<Either<Full<Bytes>, B>>, S::Error>> + use<S, B>
where
    S: Service<Request<RequestBody>, Response = Response<B>>,
{
    let screened = screen(&request);
    peer.hold().hold();
    request.extensions_mut().insert(peer.clone());
    let answer = screened
        .map(|()| service.call(request.map(|body| RequestBody::new(body, peer.clone()))));
    let peer = peer.clone();
    async move {
        let answer = match answer {
            Ok(answer) => answer.await.map(|response| response.map(Either::Right)),
            Err(why) => Ok(bad_request(why).map(Either::Left)),
        };
        peer.hold().release();
        answer
    }
}

/// The response to a request that is not passed on. The bytes after it on the
/// connection cannot be trusted either.
fn bad_request(why: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(why.into());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn accept<L: Listener>(
    listener: &mut L,
    limits: &ServeLimits,
    places: &Arc<Semaphore>,
    failures: &Occasionally,
) -> (L::Connecting, Option<SocketAddr>, OwnedSemaphorePermit) {
    loop {
        let Ok(place) = places.clone().acquire_owned().await else {
            continue;
        };
        match listener.accept(limits).await {
            Ok((connecting, addr)) => return (connecting, addr, place),
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
