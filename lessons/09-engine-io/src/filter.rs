//! The server as a [`warp::Filter`]: which request belongs to which session, and what is
//! refused.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use futures_util::Stream;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::upgrade;
use tokio::net::TcpStream;
use warp::filters::BoxedFilter;
use warp::{Filter, Reply};

use crate::config::{Cors, Transport};
use crate::machine::CloseReason;
use crate::refusal::Refusal;
use crate::serve::Peer;
use crate::server::Server;
use crate::session::{Handshake, Session};
use crate::transport::polling::{self, BodyLimits, PostError};
use crate::transport::websocket;

/// Mounts `server` under its path. Other paths are rejected, so that `.or(…)` can follow.
pub fn filter(server: &Server) -> BoxedFilter<(warp::reply::Response,)> {
    let path: Arc<str> = server.config().path.trim_end_matches('/').into();
    let server = server.clone();
    warp::path::full()
        .and_then(move |full: warp::path::FullPath| {
            let ours = full.as_str().trim_end_matches('/') == &*path;
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

/// What a request says, without its body.
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
                let remote_addr =
                    remote_addr.or_else(|| peer.as_ref().map(|peer| peer.addr));
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
        self.query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            (key == name).then_some(value)
        })
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

    fn handshake(&self) -> Handshake {
        // A header's value is a slice of the connection's read buffer: kept, it would
        // keep all of it.
        let copy = |value: &HeaderValue| HeaderValue::from_bytes(value.as_bytes()).ok();
        Handshake {
            query: self.query.clone(),
            headers: self
                .headers
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), copy(value)?)))
                .collect(),
            remote_addr: self.remote_addr,
        }
    }
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
    let Some(origin) = Origin::of(&request, &server.config().cors) else {
        return refuse(Refusal::Forbidden);
    };
    let mut response = if request.method == Method::OPTIONS {
        preflight()
    } else {
        route(server, request, body).await.unwrap_or_else(refuse)
    };
    origin.allow(response.headers_mut());
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
        None => match server.open(Transport::Polling, request.handshake()) {
            Some(session) => Ok(text(StatusCode::OK, polling::get(&session).await?)),
            None => Ok(text(
                StatusCode::SERVICE_UNAVAILABLE,
                "the server takes no more sessions",
            )),
        },
        Some(session) if request.method == Method::GET => {
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
        session.close(CloseReason::ParseError);
        return Err(Refusal::BadRequest);
    }
    let announced = request
        .header(header::CONTENT_LENGTH)
        .and_then(|len| len.parse::<u64>().ok());
    if announced.is_some_and(|len| len > config.max_payload as u64) {
        return Ok(unread(StatusCode::PAYLOAD_TOO_LARGE, PostError::TooLarge));
    }
    let limits = BodyLimits {
        max_payload: config.max_payload,
        timeout: config.body_timeout,
    };
    match polling::post(session, body, limits).await {
        Ok(()) => Ok(text(StatusCode::OK, "ok")),
        Err(PostError::Refused(refusal)) => Err(refusal),
        Err(PostError::Garbage(_) | PostError::Broken) => Err(Refusal::BadRequest),
        Err(error @ PostError::TooLarge) => {
            Ok(unread(StatusCode::PAYLOAD_TOO_LARGE, error))
        }
        Err(error @ PostError::TooSlow) => Ok(unread(StatusCode::REQUEST_TIMEOUT, error)),
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
    if request.header(header::SEC_WEBSOCKET_VERSION) != Some("13") {
        // RFC 6455 §4.2.2: say which version would do.
        let mut response = text(StatusCode::UPGRADE_REQUIRED, "WebSocket version 13");
        response.headers_mut().insert(
            header::SEC_WEBSOCKET_VERSION,
            HeaderValue::from_static("13"),
        );
        return Ok(response);
    }
    let key = request
        .header(header::SEC_WEBSOCKET_KEY)
        .ok_or(Refusal::BadRequest)?;
    let accept = HeaderValue::try_from(::websocket::accept_key(key))
        .map_err(|_| Refusal::BadRequest)?;
    let handshake = session.is_none().then(|| request.handshake());
    let Request {
        on_upgrade, peer, ..
    } = request;
    let on_upgrade = on_upgrade.ok_or(Refusal::BadRequest)?;
    let server = server.clone();
    tokio::spawn(async move {
        let Ok(upgraded) = on_upgrade.await else {
            return;
        };
        // The socket itself where we can have it: what it is wrapped in keeps a buffer
        // that is empty from now on.
        match tcp_stream(upgraded) {
            Ok((stream, early)) => carry(stream, early, server, session, handshake).await,
            Err(upgraded) => {
                Box::pin(carry_wrapped(upgraded, server, session, handshake)).await;
            }
        }
        drop(peer);
    });
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
    match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => Ok((parts.io.into_inner(), parts.read_buf)),
        Err(upgraded) => {
            let parts = upgrade::downcast::<TokioIo<TcpStream>>(upgraded)?;
            Ok((parts.io.into_inner(), parts.read_buf))
        }
    }
}

async fn carry_wrapped(
    io: Upgraded,
    server: Server,
    session: Option<Session>,
    handshake: Option<Handshake>,
) {
    carry(TokioIo::new(io), Bytes::new(), server, session, handshake).await;
}

async fn carry<IO: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(
    io: IO,
    early: Bytes,
    server: Server,
    session: Option<Session>,
    handshake: Option<Handshake>,
) {
    match session {
        Some(session) => {
            if session.with(crate::machine::Machine::begin_probe) {
                websocket::run(io, early, session, server.config(), true).await;
            } else {
                // A session has one WebSocket. It is not disturbed.
                websocket::refuse(io).await;
            }
        }
        None => match server.open(Transport::WebSocket, handshake.unwrap_or_default()) {
            Some(session) => {
                websocket::run(io, early, session, server.config(), false).await;
            }
            None => websocket::refuse(io).await,
        },
    }
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
fn unread(status: StatusCode, why: PostError) -> warp::reply::Response {
    let mut response = text(status, why.to_string());
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

fn preflight() -> warp::reply::Response {
    let mut response = text(StatusCode::NO_CONTENT, "");
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("content-type"),
    );
    headers.insert(
        header::ACCESS_CONTROL_MAX_AGE,
        HeaderValue::from_static("600"),
    );
    response
}

/// What a page is told about reading our answers.
enum Origin {
    /// No `Origin`, or our own: nothing need be said.
    Own,
    Any,
    Listed(HeaderValue),
}

impl Origin {
    /// `None` for a page that may not connect.
    fn of(request: &Request, cors: &Cors) -> Option<Self> {
        if *cors == Cors::Any {
            return Some(Self::Any);
        }
        let Some(origin) = request.headers.get(header::ORIGIN) else {
            return Some(Self::Own);
        };
        let name = origin.to_str().ok()?;
        if request
            .header(header::HOST)
            .is_some_and(|host| is_same_origin(name, host))
        {
            return Some(Self::Own);
        }
        match cors {
            Cors::Origins(listed) if listed.iter().any(|listed| listed == name) => {
                Some(Self::Listed(origin.clone()))
            }
            _ => None,
        }
    }

    fn allow(self, headers: &mut HeaderMap) {
        match self {
            Self::Own => {}
            Self::Any => {
                headers.insert(
                    header::ACCESS_CONTROL_ALLOW_ORIGIN,
                    HeaderValue::from_static("*"),
                );
            }
            Self::Listed(origin) => {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
                headers.insert(
                    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
                    HeaderValue::from_static("true"),
                );
                headers.insert(header::VARY, HeaderValue::from_static("Origin"));
            }
        }
    }
}

/// Whether a page of `origin` (`scheme://host[:port]`) was served by `host`. Behind a
/// proxy that ends TLS we do not know our own scheme, so the host and the port decide.
pub fn is_same_origin(origin: &str, host: &str) -> bool {
    let (authority, default_port) = if let Some(rest) = origin.strip_prefix("http://") {
        (rest, ":80")
    } else if let Some(rest) = origin.strip_prefix("https://") {
        (rest, ":443")
    } else {
        return false;
    };
    let bare = |name: &str| {
        name.strip_suffix(default_port)
            .unwrap_or(name)
            .to_ascii_lowercase()
    };
    bare(authority) == bare(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_origin_is_host_and_port() {
        assert!(is_same_origin("http://localhost:5000", "localhost:5000"));
        assert!(is_same_origin("https://Chat.example", "chat.example:443"));
        assert!(!is_same_origin("http://localhost:5001", "localhost:5000"));
        assert!(!is_same_origin(
            "http://localhost:5000.evil.example",
            "localhost:5000"
        ));
        assert!(!is_same_origin("null", "localhost:5000"));
        assert!(!is_same_origin("file://", ""));
    }
}
