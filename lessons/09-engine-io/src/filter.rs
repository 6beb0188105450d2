//! The server as a [`warp::Filter`]: which request belongs to which session, and what is
//! refused.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use futures_util::Stream;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::upgrade;
use tokio::net::TcpStream;
use warp::filters::BoxedFilter;
use warp::{Filter, Reply};

use crate::config::{Config, Transport};
use crate::handshake::{Handshake, parameter};
use crate::machine::{CloseReason, Machine};
use crate::origin::{Verdict, nth_from_right};
use crate::refusal::Refusal;
use crate::screen;
use crate::serve::Peer;
use crate::server::{NotOpened, Server};
use crate::session::Session;
use crate::stream::Stream as HeldStream;
use crate::transport::polling::{self, BodyLimits, PostError};
use crate::transport::websocket::{self, Connection};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Mounts `server` under its path and everything below it. Other paths are rejected, so
/// that `.or(…)` can follow.
pub fn filter(server: &Server) -> BoxedFilter<(warp::reply::Response,)> {
    let path: Arc<str> = server.config().path.trim_end_matches('/').into();
    let server = server.clone();
    warp::path::full()
        .and_then(move |full: warp::path::FullPath| {
            let below = full.as_str().strip_prefix(&*path);
            let ours = below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            async move {
                if ours {
                    Ok(())
                } else {
                    Err(warp::reject::not_found())
                }
            }
        })
        .untuple_one()
        .and(request())
        .and(warp::body::stream())
        .then(move |request, body| {
            let server = server.clone();
            async move { respond(&server, request, body).await }
        })
        .boxed()
}

/// The parts of a request other than its body.
struct Request {
    method: Method,
    query: String,
    headers: HeaderMap,
    remote_addr: Option<SocketAddr>,
    /// Keeps the connection's place in the [limits](crate::Limits) taken after an
    /// upgrade.
    peer: Option<Peer>,
    on_upgrade: Option<OnUpgrade>,
}

fn request() -> impl Filter<Extract = (Request,), Error = Infallible> + Clone {
    warp::method()
        .and(warp::query::raw().or(warp::any().map(String::new)).unify())
        .and(warp::header::headers_cloned())
        .and(warp::addr::remote())
        .and(warp::ext::optional::<Peer>())
        .and(warp::ext::optional::<OnUpgrade>())
        .map(
            |method,
             query,
             headers,
             remote_addr: Option<SocketAddr>,
             peer: Option<Peer>,
             on_upgrade| {
                let remote_addr = remote_addr.or_else(|| peer.as_ref().map(Peer::addr));
                Request {
                    method,
                    query,
                    headers,
                    remote_addr,
                    peer,
                    on_upgrade,
                }
            },
        )
}

impl Request {
    fn parameter(&self, name: &str) -> Option<&str> {
        parameter(&self.query, name)
    }

    fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn header_has(&self, name: header::HeaderName, token: &str) -> bool {
        let values = self.headers.get_all(name);
        values
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value| {
                value
                    .split(',')
                    .any(|part| part.trim().eq_ignore_ascii_case(token))
            })
    }

    fn wants_upgrade(&self) -> bool {
        self.header_has(header::UPGRADE, "websocket")
            && self.header_has(header::CONNECTION, "upgrade")
    }

    /// Returns the part of this request that the session keeps.
    fn handshake(&self, server: &Server) -> Result<Handshake, Refusal> {
        let (proxies, max) = (
            server.config().trusted_proxies,
            server.config().max_handshake,
        );
        let remote_addr = client(&self.headers, proxies, self.remote_addr);
        Handshake::keep(&self.query, &self.headers, remote_addr, max)
            .ok_or(Refusal::TooLarge)
    }
}

/// Extracts the client's address as [`Handshake::remote_addr`] has it, for pages beside
/// the sessions: their limits should mean the same client.
///
/// ```
/// use warp::Filter;
///
/// let config = engine_io::Config { trusted_proxies: 1, ..Default::default() };
/// let whoami = warp::path!("whoami")
///     .and(engine_io::client_address(&config))
///     .map(|address: Option<std::net::SocketAddr>| format!("{address:?}"));
/// ```
pub fn client_address(
    config: &Config,
) -> impl Filter<Extract = (Option<SocketAddr>,), Error = Infallible> + Clone + use<> {
    let proxies = config.trusted_proxies;
    warp::header::headers_cloned()
        .and(warp::addr::remote())
        .and(warp::ext::optional::<Peer>())
        .map(
            move |headers: HeaderMap, remote: Option<SocketAddr>, peer: Option<Peer>| {
                let remote = remote.or_else(|| peer.as_ref().map(Peer::addr));
                client(&headers, proxies, remote)
            },
        )
}

/// The address that the outermost trusted proxy names, or the connection's.
fn client(
    headers: &HeaderMap,
    proxies: usize,
    remote: Option<SocketAddr>,
) -> Option<SocketAddr> {
    let forwarded = || {
        let client = nth_from_right(headers, &FORWARDED_FOR, proxies)?;
        let bare = client.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 0));
        bare.ok().or_else(|| client.parse().ok())
    };
    forwarded().or(remote)
}

async fn respond<S, B>(
    server: &Server,
    request: Request,
    body: S,
) -> warp::reply::Response
where
    S: Stream<Item = Result<B, warp::Error>> + Send,
    B: Buf,
{
    if screen::headers(&request.headers).is_err() {
        return refuse(Refusal::BadRequest);
    }
    let verdict = Verdict::of(&request.headers, server.config());
    if let Verdict::Stranger(advice) = &verdict {
        if let Some(times) = server.refusals().count() {
            tracing::warn!(times, "{advice}");
        }
        return refuse(Refusal::Forbidden);
    }
    let mut response = if request.method == Method::OPTIONS {
        preflight(&request.headers)
    } else {
        route(server, request, body).await.unwrap_or_else(refuse)
    };
    verdict.allow(response.headers_mut());
    response
}

/// The reference server's order of questions: transport, session, then how a session
/// opens.
async fn route<S, B>(
    server: &Server,
    request: Request,
    body: S,
) -> Result<warp::reply::Response, Refusal>
where
    S: Stream<Item = Result<B, warp::Error>> + Send,
    B: Buf,
{
    let transport = match request.parameter("transport") {
        Some("polling") => Transport::Polling,
        Some("websocket") => Transport::WebSocket,
        _ => return Err(Refusal::UnknownTransport),
    };
    if !server.config().transports.allows(transport) {
        return Err(Refusal::UnknownTransport);
    }
    let session = match request.parameter("sid") {
        Some(sid) => Some(server.find(sid).ok_or(Refusal::UnknownSession)?),
        None if request.method != Method::GET => return Err(Refusal::BadHandshakeMethod),
        None if request.parameter("EIO") != Some("4") => {
            return Err(Refusal::UnsupportedVersion);
        }
        None => None,
    };
    if transport == Transport::WebSocket {
        return accept_websocket(server, request, session);
    }
    if request.wants_upgrade() {
        return Err(Refusal::BadRequest);
    }
    match session {
        None => match server.open(Transport::Polling, request.handshake(server)?) {
            Ok(session) => Ok(text(StatusCode::OK, polling::get(&session).await?)),
            Err(NotOpened::Full) => Ok(text(
                StatusCode::SERVICE_UNAVAILABLE,
                "the server takes no more sessions",
            )),
            Err(NotOpened::AddressFull) => Ok(text(
                StatusCode::TOO_MANY_REQUESTS,
                "this address has as many sessions as it may have",
            )),
            Err(NotOpened::Panicked) => {
                Ok(text(StatusCode::INTERNAL_SERVER_ERROR, "internal error"))
            }
        },
        Some(session) if request.method == Method::GET => {
            if let Some(peer) = &request.peer {
                peer.waits();
            }
            Ok(text(StatusCode::OK, polling::get(&session).await?))
        }
        Some(session) if request.method == Method::POST => {
            post(server, &request, &session, body).await
        }
        Some(_) => Err(Refusal::BadRequest),
    }
}

async fn post<S, B>(
    server: &Server,
    request: &Request,
    session: &Session,
    body: S,
) -> Result<warp::reply::Response, Refusal>
where
    S: Stream<Item = Result<B, warp::Error>> + Send,
    B: Buf,
{
    let config = server.config();
    // Binary bodies belong to protocol 3.
    if request
        .header(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.starts_with("application/octet-stream"))
    {
        session.abort(CloseReason::ParseError);
        return Err(Refusal::BadRequest);
    }
    let announced = request
        .header(header::CONTENT_LENGTH)
        .and_then(|len| len.parse::<u64>().ok());
    if announced.is_some_and(|len| len > config.max_payload as u64) {
        return Ok(unread(StatusCode::PAYLOAD_TOO_LARGE, ""));
    }
    let limits = BodyLimits {
        max_payload: config.max_payload,
        timeout: config.body_timeout,
        min_rate: config.min_body_rate,
    };
    match polling::post(session, body, limits).await {
        Ok(()) => Ok(text(StatusCode::OK, "ok")),
        Err(PostError::Refused(refusal)) => Err(refusal),
        Err(PostError::Invalid(_) | PostError::Broken) => Err(Refusal::BadRequest),
        // Without a body, as the reference server.
        Err(PostError::TooLarge) => Ok(unread(StatusCode::PAYLOAD_TOO_LARGE, "")),
        Err(error @ PostError::TooSlow) => {
            Ok(unread(StatusCode::REQUEST_TIMEOUT, error.to_string()))
        }
    }
}

fn accept_websocket(
    server: &Server,
    request: Request,
    session: Option<Session>,
) -> Result<warp::reply::Response, Refusal> {
    if request.method != Method::GET || !request.wants_upgrade() {
        return Err(Refusal::BadRequest);
    }
    // Lesson 07's rules. hyper offers an upgrade to HTTP/1.1 alone.
    let headers = request.headers.iter();
    let headers: Vec<_> = headers
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let accept = match ::websocket::Request::check("GET", 1, "/", &headers) {
        Ok(checked) => checked.accept(),
        Err(::websocket::Refusal::UpgradeRequired(_)) => return Ok(upgrade_required()),
        Err(_) => return Err(Refusal::BadRequest),
    };
    let accept = HeaderValue::try_from(accept).map_err(|_| Refusal::BadRequest)?;
    let origin = match session {
        Some(session) => Origin::Upgrade(session),
        None => Origin::Opens(Box::new(request.handshake(server)?)),
    };
    let Request {
        on_upgrade, peer, ..
    } = request;
    let on_upgrade = on_upgrade.ok_or(Refusal::BadRequest)?;
    server.spawn(carry(on_upgrade, server.clone(), origin, peer));
    let mut response = text(StatusCode::SWITCHING_PROTOCOLS, "");
    let headers = response.headers_mut();
    headers.clear();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Ok(response)
}

/// The connection below an upgrade and what was read of it already, under
/// [`run`](crate::run) or `warp::serve`.
fn tcp_stream(upgraded: Upgraded) -> Result<(TcpStream, Bytes), Upgraded> {
    match upgraded.downcast::<TokioIo<HeldStream<Peer>>>() {
        Ok(parts) => Ok((parts.io.into_inner().into_inner(), parts.read_buf)),
        Err(upgraded) => {
            let parts = upgrade::downcast::<TokioIo<TcpStream>>(upgraded)?;
            Ok((parts.io.into_inner(), parts.read_buf))
        }
    }
}

/// The purpose of a WebSocket.
enum Origin {
    /// To take over a session that polls.
    Upgrade(Session),
    /// To open a session. Boxed, because it stays in the task's memory for as long as the
    /// connection lives.
    Opens(Box<Handshake>),
}

/// The task of one `WebSocket`. Its size is the size of an idle connection, so it keeps one
/// copy of each value (the parameters of an `async fn` would be a second), and boxes the
/// parts that are rarely needed.
#[expect(
    clippy::manual_async_fn,
    reason = "an async fn keeps its parameters twice"
)]
fn carry(
    on_upgrade: OnUpgrade,
    server: Server,
    origin: Origin,
    peer: Option<Peer>,
) -> impl Future<Output = ()> + Send + 'static {
    async move {
        let Ok(upgraded) = on_upgrade.await else {
            return;
        };
        match &mut begin(upgraded, &server, origin) {
            Carried::Socket(connection) => connection.run().await,
            Carried::Other(task) => task.await,
        }
        drop(peer);
    }
}

/// A connection after its upgrade.
#[expect(
    clippy::large_enum_variant,
    reason = "the large one is the usual one, and has its place in the task"
)]
enum Carried {
    /// The socket itself: what it was wrapped in keeps a buffer that is empty from now on.
    Socket(Connection<TcpStream>),
    /// One that has no session, or a server other than [`run`](crate::run) and
    /// `warp::serve` below it.
    Other(Pin<Box<dyn Future<Output = ()> + Send>>),
}

/// Finds or opens the session. Not a part of [`carry`]: what it needs is gone when it ends,
/// above all the buffer that the request was read into.
fn begin(upgraded: Upgraded, server: &Server, origin: Origin) -> Carried {
    let (io, early) = match tcp_stream(upgraded) {
        Ok((io, early)) => (Ok(io), early),
        Err(upgraded) => (Err(TokioIo::new(upgraded)), Bytes::new()),
    };
    let opened = match origin {
        // A session has one WebSocket, and keeps it.
        Origin::Upgrade(session) => {
            let free = session.with(Machine::begin_probe);
            free.then_some((session, true))
        }
        Origin::Opens(handshake) => {
            let opened = server.open(Transport::WebSocket, *handshake);
            opened.ok().map(|session| (session, false))
        }
    };
    match (opened, io) {
        (Some((session, probing)), Ok(io)) => Carried::Socket(Connection::new(
            io,
            &early,
            session,
            server.config(),
            probing,
        )),
        (Some((session, probing)), Err(io)) => {
            let config = server.config();
            let mut connection = Connection::new(io, &early, session, config, probing);
            Carried::Other(Box::pin(async move {
                connection.run().await;
            }))
        }
        (None, Ok(io)) => Carried::Other(Box::pin(websocket::reject(io))),
        (None, Err(io)) => Carried::Other(Box::pin(websocket::reject(io))),
    }
}

/// RFC 6455 §4.2.2: says which version would do. A header that is for this connection
/// alone is named in `Connection` (RFC 9110 §7.8).
fn upgrade_required() -> warp::reply::Response {
    let mut response = text(StatusCode::UPGRADE_REQUIRED, "WebSocket version 13");
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(
        header::SEC_WEBSOCKET_VERSION,
        HeaderValue::from_static("13"),
    );
    response
}

fn text(status: StatusCode, body: impl Into<Bytes>) -> warp::reply::Response {
    let mut response = Response::new(body.into()).into_response();
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=UTF-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An answer to a request whose body is not read to its end: the connection cannot serve
/// another.
fn unread(status: StatusCode, why: impl Into<Bytes>) -> warp::reply::Response {
    let mut response = text(status, why);
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn refuse(refusal: Refusal) -> warp::reply::Response {
    let mut response = text(refusal.status(), refusal.body());
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

/// A browser asks before it sends a request with unusual headers. Whether the page may
/// connect has been decided; which headers it sends makes no difference to us.
fn preflight(request: &HeaderMap) -> warp::reply::Response {
    let mut response = text(StatusCode::NO_CONTENT, "");
    let headers = response.headers_mut();
    let wanted = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS);
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        wanted
            .cloned()
            .unwrap_or(HeaderValue::from_static("content-type")),
    );
    headers.append(
        header::VARY,
        HeaderValue::from_static("Access-Control-Request-Headers"),
    );
    headers.insert(
        header::ACCESS_CONTROL_MAX_AGE,
        HeaderValue::from_static("600"),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::session::{Application, Receiver};

    struct Nothing;

    impl Application for Nothing {
        fn open(&self, _: Session) -> Arc<dyn Receiver> {
            unreachable!("no session opens here")
        }
    }

    #[test]
    fn the_task_of_a_websocket_is_small() {
        let server = Server::new(Config::default(), Nothing);
        let mut request = http::Request::new(());
        let on_upgrade = hyper::upgrade::on(&mut request);
        let handshake = Origin::Opens(Box::default());
        let task = size_of_val(&carry(on_upgrade, server, handshake, None));
        let connection = size_of::<Connection<TcpStream>>();
        assert!(
            task <= 400,
            "the task has {task} bytes, {connection} of them for the connection's fields: \
             an idle connection costs that much"
        );
    }
}
