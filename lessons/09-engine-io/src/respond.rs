//! The HTTP half of the server: which request belongs to which session, and which are
//! refused. The warp filter and the tower service both call [`respond`].

use bytes::{Buf, Bytes};
use futures_util::Stream;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use crate::compression::{Coding, encode_body};
use crate::config::Transport;
use crate::hold::Hold;
use crate::machine::{CloseReason, Machine};
use crate::measure;
use crate::origin::{Verdict, preflight};
use crate::peer::Peer;
use crate::refusal::{Refusal, Refused};
use crate::request::Request;
use crate::response::text;
use crate::screen;
use crate::server::Server;
use crate::session::Session;
use crate::transport::polling::{self, BodyLimits, PostError};
use crate::upgrade::accept_websocket;

/// Answers a request to the server, whatever its path.
pub(crate) async fn respond<S, B, E>(
    server: &Server,
    request: Request,
    body: S,
) -> Response<Bytes>
where
    S: Stream<Item = Result<B, E>> + Send,
    B: Buf,
{
    let config = server.config();
    let report = config.hooks.reports(|| request.head(config));
    let refuse = |refused: Refused| {
        measure::refused(refused.refusal);
        let mut response = text(refused.refusal.status(), refused.body());
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        config.hooks.refused(&refused, report);
        response
    };
    if screen::headers(&request.headers).is_err() {
        return refuse(Refusal::BadRequest.into());
    }
    let verdict = Verdict::of(&request.headers, config, &config.cors);
    if let Verdict::Stranger(advice) = &verdict {
        if let Some(times) = server.refusals().count() {
            tracing::warn!(times, "{advice}");
        }
        return refuse(Refusal::Forbidden.into());
    }
    let mut response = if request.method == Method::OPTIONS {
        let mut response = text(StatusCode::NO_CONTENT, "");
        preflight(
            &request.headers,
            &config.cors_headers,
            response.headers_mut(),
        );
        response
    } else {
        let routed = route(server, request, body).await;
        routed.unwrap_or_else(refuse)
    };
    verdict.allow(response.headers_mut(), &config.cors_headers);
    response
}

/// The reference server's order of questions: transport, session, then how a session
/// opens.
async fn route<S, B, E>(
    server: &Server,
    request: Request,
    body: S,
) -> Result<Response<Bytes>, Refused>
where
    S: Stream<Item = Result<B, E>> + Send,
    B: Buf,
{
    let config = server.config();
    let transport = match request.parameter("transport") {
        Some("polling") => Transport::Polling,
        Some("websocket") => Transport::WebSocket,
        _ => return Err(Refusal::UnknownTransport.into()),
    };
    if !config.transports.allows(transport) {
        return Err(Refusal::UnknownTransport.into());
    }
    let session = match request.parameter("sid") {
        Some(sid) => Some(server.find(sid).ok_or(Refusal::UnknownSession)?),
        None if request.method != Method::GET => {
            return Err(Refusal::BadHandshakeMethod.into());
        }
        None if request.parameter("EIO") != Some("4") => {
            return Err(Refusal::UnsupportedVersion.into());
        }
        None => None,
    };
    if request.wants_upgrade() != (transport == Transport::WebSocket) {
        return Err(Refusal::BadRequest.into());
    }
    if session.is_none() {
        config
            .hooks
            .ask(|| request.head(config), config.check_timeout)
            .await?;
    }
    let extra = config
        .hooks
        .extra_headers(|| request.head(config), session.is_none())?;
    let mut response = match transport {
        Transport::WebSocket => accept_websocket(server, request, session)?,
        Transport::Polling => poll_or_post(server, &request, session, body).await?,
    };
    add_headers(response.headers_mut(), extra);
    Ok(response)
}

/// Adds the application's headers to ours. They replace ours, but for cookies: of those
/// there may be many.
pub(crate) fn add_headers(headers: &mut HeaderMap, extra: Option<Box<HeaderMap>>) {
    let mut name = None;
    for (new, value) in extra.into_iter().flat_map(|extra| *extra) {
        // A value without a name belongs to the name before it.
        let first = new.is_some();
        name = new.or(name);
        match &name {
            Some(name) if first && name != header::SET_COOKIE => {
                headers.insert(name, value);
            }
            Some(name) => {
                headers.append(name, value);
            }
            None => {}
        }
    }
}

async fn poll_or_post<S, B, E>(
    server: &Server,
    request: &Request,
    session: Option<Session>,
    body: S,
) -> Result<Response<Bytes>, Refusal>
where
    S: Stream<Item = Result<B, E>> + Send,
    B: Buf,
{
    match session {
        None => {
            let handshake = request.handshake(server.config())?;
            let session = server.open(Transport::Polling, handshake)?;
            let body = polling::get(&session).await?;
            let mut response = packets(server, &request.headers, body).await;
            let cookie = server.config().cookie.as_ref();
            if let Some(cookie) = cookie.and_then(|cookie| cookie.header(session.id())) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            Ok(response)
        }
        Some(session) if request.method == Method::GET => {
            // From now on, if the client leaves, the request ends.
            request.peer.as_ref().map(Peer::hold).map(Hold::release);
            let body = polling::get(&session).await?;
            Ok(packets(server, &request.headers, body).await)
        }
        Some(session) if request.method == Method::POST => {
            post(server, request, &session, body).await
        }
        Some(_) => Err(Refusal::BadRequest),
    }
}

async fn post<S, B, E>(
    server: &Server,
    request: &Request,
    session: &Session,
    body: S,
) -> Result<Response<Bytes>, Refusal>
where
    S: Stream<Item = Result<B, E>> + Send,
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
        session.with(Machine::post_too_large);
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

/// The answer to a poll.
async fn packets(server: &Server, headers: &HeaderMap, body: Vec<u8>) -> Response<Bytes> {
    let Some(settings) = server.config().http_compression else {
        return text(StatusCode::OK, body);
    };
    let (body, coding) = encode_body(settings, Coding::accepted(headers), body).await;
    let mut response = text(StatusCode::OK, body);
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, coding);
    }
    response
}

/// An answer to a request whose body is not read to its end: the connection cannot serve
/// another.
fn unread(status: StatusCode, why: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = text(status, why);
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
