//! WebSocket requests: the handshake, and the task that carries the connection after it.

use std::pin::Pin;

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::upgrade;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use crate::compression::PerMessageDeflate;
use crate::config::Transport;
use crate::handshake::Handshake;
use crate::head::RequestHead;
use crate::machine::Machine;
use crate::measure;
use crate::peer::Peer;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::response::text;
use crate::server::Server;
use crate::session::Session;
use crate::stream::Stream;
use crate::transport::websocket::{self, Connection};

/// Answers a request that wants a WebSocket, to open a session or to take one over.
pub(crate) fn accept_websocket(
    server: &Server,
    request: Request,
    session: Option<Session>,
) -> Result<Response<Bytes>, Refusal> {
    let config = server.config();
    if request.method != Method::GET || session.is_some() && !config.allow_upgrades {
        return Err(Refusal::BadRequest);
    }
    let (accept, offers) = match check(&request)? {
        Ok(checked) => checked,
        Err(response) => return Ok(response),
    };
    let deflate = config.per_message_deflate;
    let deflate = deflate.and_then(|_| PerMessageDeflate::answer(&offers));
    let origin = match session {
        Some(session) => Origin::Upgrade(session),
        None => Origin::Opens(Box::new(Opens {
            handshake: request.handshake(config)?,
            report: config.hooks.reports(|| request.head(config)),
        })),
    };
    let Request {
        on_upgrade, peer, ..
    } = request;
    let on_upgrade = on_upgrade.ok_or(Refusal::BadRequest)?;
    let carried = carry(on_upgrade, server.clone(), origin, peer, deflate.is_some());
    server.spawn(carried);
    let mut response = switch(accept);
    if let Some(deflate) = deflate {
        let headers = response.headers_mut();
        headers.insert(header::SEC_WEBSOCKET_EXTENSIONS, deflate);
    }
    Ok(response)
}

/// Checks a handshake by lesson 07's rules. hyper offers an upgrade to HTTP/1.1 alone.
/// Returns the value that accepts it and the extensions that the client offers, or a
/// response that asks for another version.
fn check(
    request: &Request,
) -> Result<Result<(HeaderValue, String), Response<Bytes>>, Refusal> {
    let headers = request.headers.iter();
    let headers: Vec<_> = headers
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let (accept, offers) = match ::websocket::Request::check("GET", 1, "/", &headers) {
        Ok(checked) => (checked.accept(), checked.extensions),
        Err(::websocket::Refusal::UpgradeRequired(_)) => {
            return Ok(Err(upgrade_required()));
        }
        Err(_) => return Err(Refusal::BadRequest),
    };
    let accept = HeaderValue::try_from(accept).map_err(|_| Refusal::BadRequest)?;
    Ok(Ok((accept, offers)))
}

fn switch(accept: HeaderValue) -> Response<Bytes> {
    let mut response = text(StatusCode::SWITCHING_PROTOCOLS, "");
    let headers = response.headers_mut();
    headers.clear();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    response
}

/// Answers the handshake of another front end, which has no compression.
///
/// # Errors
/// The request is not a handshake.
pub(crate) fn switching(
    request: &Request,
) -> Result<Result<Response<Bytes>, Response<Bytes>>, Refusal> {
    if request.method != Method::GET || !request.wants_upgrade() {
        return Err(Refusal::BadRequest);
    }
    Ok(check(request)?.map(|(accept, _)| switch(accept)))
}

/// The connection below an upgrade and what was read of it already, under
/// [`run`](crate::run), `warp::serve` or `axum::serve`.
fn tcp_stream(upgraded: Upgraded) -> Result<(TcpStream, Bytes), Upgraded> {
    match upgraded.downcast::<TokioIo<Stream<TcpStream, Peer>>>() {
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
    Opens(Box<Opens>),
}

struct Opens {
    handshake: Handshake,
    /// For the report, if no session can be opened.
    report: Option<Box<RequestHead>>,
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
    deflate: bool,
) -> impl Future<Output = ()> + Send + 'static {
    async move {
        let Ok(upgraded) = on_upgrade.await else {
            return;
        };
        match &mut begin(upgraded, &server, origin, deflate) {
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
    /// A connection without a session, or over anything other than plain TCP.
    Other(Pin<Box<dyn Future<Output = ()> + Send>>),
}

/// Finds or opens the session. Not a part of [`carry`]: what it needs is gone when it ends,
/// above all the buffer that the request was read into.
fn begin(upgraded: Upgraded, server: &Server, origin: Origin, deflate: bool) -> Carried {
    let opened = match origin {
        // A session has one WebSocket, and keeps it.
        Origin::Upgrade(session) => {
            let free = session.with(Machine::begin_probe);
            free.then_some((session, true))
        }
        Origin::Opens(opens) => {
            let Opens { handshake, report } = *opens;
            match server.open(Transport::WebSocket, handshake) {
                Ok(session) => Some((session, false)),
                Err(refusal) => {
                    measure::refused(refusal);
                    server.config().hooks.refused(&refusal.into(), report);
                    None
                }
            }
        }
    };
    let Some((session, probing)) = opened else {
        return Carried::Other(Box::pin(websocket::reject(TokioIo::new(upgraded))));
    };
    let config = server.config();
    let upgraded = match tcp_stream(upgraded) {
        Ok((io, early)) => {
            let connection =
                Connection::new(io, &early, session, config, probing, deflate);
            return Carried::Socket(connection);
        }
        Err(upgraded) => upgraded,
    };
    // Without hyper's wrapper and its buffer: behind a proxy all clients come this way.
    #[cfg(unix)]
    let upgraded = match upgraded.downcast::<TokioIo<Stream<UnixStream, Peer>>>() {
        Ok(parts) => {
            let io = parts.io.into_inner().into_inner();
            return other(Connection::new(
                io,
                &parts.read_buf,
                session,
                config,
                probing,
                deflate,
            ));
        }
        Err(upgraded) => upgraded,
    };
    other(Connection::new(
        TokioIo::new(upgraded),
        b"",
        session,
        config,
        probing,
        deflate,
    ))
}

fn other<IO>(mut connection: Connection<IO>) -> Carried
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    Carried::Other(Box::pin(async move { connection.run().await }))
}

/// RFC 6455 §4.2.2: says which version would do. A header that is for this connection
/// alone is named in `Connection` (RFC 9110 §7.8).
fn upgrade_required() -> Response<Bytes> {
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

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
        let handshake = Origin::Opens(Box::new(Opens {
            handshake: Handshake::default(),
            report: None,
        }));
        let task = size_of_val(&carry(on_upgrade, server, handshake, None, false));
        let connection = size_of::<Connection<TcpStream>>();
        assert!(
            task <= 400,
            "the task has {task} bytes, {connection} of them for the connection's fields: \
             an idle connection costs that much"
        );
    }
}
