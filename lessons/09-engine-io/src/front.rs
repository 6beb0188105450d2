//! Another front end: requests and packets of clients that speak another protocol, on
//! this server's sessions.
//!
//! Lesson 13 is one. It translates between its clients and packets of Engine.IO 4; the
//! sessions, and with them the limits, the heartbeat and the application, are the
//! server's own. [`front`] claims requests before [`filter`](crate::filter()) sees them,
//! and checks their origin by the same rules. [`FrontRequest::open`] opens a session,
//! whose packets then go through a [`Carrier`].

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use warp::filters::BoxedFilter;
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Reply};

use crate::config::Transport;
use crate::filter::request;
use crate::hold::Hold;
use crate::machine::{CloseReason, Closed, Machine};
use crate::measure;
use crate::origin::{Verdict, preflight};
use crate::packet::{EncodedMessage, Message, Packet};
use crate::peer::Peer;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::respond::add_headers;
use crate::response::text;
use crate::screen;
use crate::server::Server;
use crate::session::{Receiver, Session, now};
use crate::transport::polling::{BodyLimits, PostError, read};
use crate::upgrade::switching;

/// Mounts a front end: `answer` is called with the requests for which `claims` returns
/// true, given their path and query. Other requests are rejected, so that `.or(…)` can
/// follow.
///
/// Requests of pages that may not connect are refused before, as are those whose headers
/// make no sense, and a browser's preflight is answered. The application's headers
/// ([`Hooks::headers`](crate::Hooks::headers), `initial_headers`) and the cookie are added
/// to the response when it is ready. Bodies and messages are not compressed.
pub fn front<F>(
    server: &Server,
    claims: impl Fn(&str, &str) -> bool + Clone + Send + Sync + 'static,
    answer: impl Fn(FrontRequest) -> F + Clone + Send + Sync + 'static,
) -> BoxedFilter<(Response,)>
where
    F: Future<Output = Response> + Send,
{
    let server = server.clone();
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::path::full()
        .and(query)
        .and_then(move |path: FullPath, query: String| {
            let ours = claims(path.as_str(), &query);
            async move { ours.then_some(()).ok_or_else(warp::reject::not_found) }
        })
        .untuple_one()
        .and(request())
        .and(warp::body::stream())
        .then(move |request, body| {
            let (server, answer) = (server.clone(), answer.clone());
            async move { respond(server, request, body, answer).await }
        })
        .boxed()
}

async fn respond<B, F>(
    server: Server,
    request: Request,
    body: impl Stream<Item = Result<B, warp::Error>> + Send + Sync + 'static,
    answer: impl Fn(FrontRequest) -> F,
) -> Response
where
    B: Buf,
    F: Future<Output = Response>,
{
    let config = server.config();
    if screen::headers(&request.headers).is_err() {
        measure::refused(Refusal::BadRequest);
        return text(StatusCode::BAD_REQUEST, "").into_response();
    }
    let bare = without_bare_origin(&request.headers);
    let headers = bare.as_ref().unwrap_or(&request.headers);
    let verdict = Verdict::of(headers, config, &config.cors);
    if let Verdict::Stranger(advice) = &verdict {
        if let Some(times) = server.refusals().count() {
            tracing::warn!(times, "{advice}");
        }
        measure::refused(Refusal::Forbidden);
        return text(StatusCode::FORBIDDEN, "").into_response();
    }
    let extra = config.cors_headers.clone();
    let mut response = if request.method == Method::OPTIONS {
        let mut response = text(StatusCode::NO_CONTENT, "");
        preflight(&request.headers, &extra, response.headers_mut());
        response.into_response()
    } else {
        let body = body
            .map(|chunk| chunk.map(|mut chunk| chunk.copy_to_bytes(chunk.remaining())));
        let body: Mutex<Option<Body>> = Mutex::new(Some(Box::pin(body)));
        let hooks = &config.hooks;
        let head = hooks.adds_headers().then(|| request.head(config));
        let opened = Arc::<OnceLock<Box<str>>>::default();
        let mut response = answer(FrontRequest {
            server: server.clone(),
            request,
            body,
            opened: opened.clone(),
        })
        .await;
        let (status, sid) = (response.status(), opened.get());
        if !status.is_client_error() && !status.is_server_error() {
            // As for clients of today: a session that opens with a WebSocket needs none.
            let polls = status != StatusCode::SWITCHING_PROTOCOLS;
            let cookie = config.cookie.as_ref().filter(|_| polls);
            if let Some(cookie) = cookie.zip(sid).and_then(|(it, sid)| it.header(sid)) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            let extra = head.map(|head| hooks.extra_headers(|| head, sid.is_some()));
            match extra.transpose() {
                Ok(extra) => add_headers(response.headers_mut(), extra.flatten()),
                Err(refusal) => {
                    measure::refused(refusal);
                    response = text(refusal.status(), "").into_response();
                }
            }
        }
        response
    };
    verdict.allow(response.headers_mut(), &extra);
    response
}

/// Programs of old times wrote their `Host` into `Origin`, without a scheme. No browser
/// does, so such a header is treated as a missing one. Returns the headers without it.
fn without_bare_origin(headers: &HeaderMap) -> Option<HeaderMap> {
    let origin = headers.get(header::ORIGIN)?;
    if Some(origin) != headers.get(header::HOST) {
        return None;
    }
    let mut headers = headers.clone();
    headers.remove(header::ORIGIN);
    Some(headers)
}

type Body = Pin<Box<dyn Stream<Item = Result<Bytes, warp::Error>> + Send>>;

/// A request to a front end.
pub struct FrontRequest {
    server: Server,
    request: Request,
    /// Taken by the one that reads it.
    body: Mutex<Option<Body>>,
    /// The id of the session that the request has opened.
    opened: Arc<OnceLock<Box<str>>>,
}

impl FrontRequest {
    /// Returns the method.
    pub fn method(&self) -> &Method {
        &self.request.method
    }

    /// Returns the path, as it was written.
    pub fn path(&self) -> &str {
        &self.request.path
    }

    /// Returns the query, without its `?`.
    pub fn query(&self) -> &str {
        &self.request.query
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.request.headers
    }

    /// Returns whether the client wants a WebSocket.
    pub fn wants_upgrade(&self) -> bool {
        self.request.wants_upgrade()
    }

    /// From now on the end of the client is the end of the request: for one that waits.
    pub fn may_end(&self) {
        self.request
            .peer
            .as_ref()
            .map(Peer::hold)
            .map(Hold::release);
    }

    /// Reads the body, within the limits of the server's settings.
    ///
    /// # Errors
    /// Returns the status of the response: 413 for a body that is too large, 408 for one
    /// that is too slow, 400 for one that breaks off.
    pub async fn body(&self) -> Result<Bytes, StatusCode> {
        let body = self
            .body
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(body) = body else {
            return Ok(Bytes::new());
        };
        let config = self.server.config();
        let limits = BodyLimits {
            max_payload: config.max_payload,
            timeout: config.body_timeout,
            min_rate: config.min_body_rate,
        };
        match read(body, &limits).await {
            Ok(body) => Ok(body.freeze()),
            Err(PostError::TooLarge) => Err(StatusCode::PAYLOAD_TOO_LARGE),
            Err(PostError::TooSlow) => Err(StatusCode::REQUEST_TIMEOUT),
            Err(_) => Err(StatusCode::BAD_REQUEST),
        }
    }

    /// Opens a session for this client, if the application's hooks and the limits allow
    /// it.
    ///
    /// # Errors
    /// The refusal.
    pub async fn open(&self) -> Result<Carrier, Refusal> {
        let config = self.server.config();
        let head = || self.request.head(config);
        let asked = config.hooks.ask(head, config.check_timeout).await;
        let opened = match asked {
            Err(refused) => Err(refused),
            Ok(()) => self
                .request
                .handshake(config)
                .and_then(|handshake| self.server.open(Transport::WebSocket, handshake))
                .map_err(Into::into),
        };
        let report = config.hooks.reports(head);
        opened.map_or_else(
            |refused| {
                measure::refused(refused.refusal);
                config.hooks.refused(&refused, report);
                Err(refused.refusal)
            },
            |session| {
                let _ = self.opened.set(session.id().into());
                Carrier::new(session).ok_or(Refusal::Internal)
            },
        )
    }

    /// Answers a request for a WebSocket, and calls `carry` with the connection. The task
    /// is one that the server waits for at its end.
    ///
    /// # Errors
    /// The request is not a handshake by the rules of RFC 6455.
    pub fn websocket<F>(
        self,
        carry: impl FnOnce(TokioIo<Upgraded>) -> F + Send + 'static,
    ) -> Result<Response, Refusal>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Self {
            server, request, ..
        } = self;
        let accepted = match switching(&request)? {
            Ok(accepted) => accepted,
            Err(response) => return Ok(response.into_response()),
        };
        let on_upgrade = request.on_upgrade.ok_or(Refusal::BadRequest)?;
        let peer = request.peer;
        server.spawn(async move {
            if let Ok(upgraded) = on_upgrade.await {
                carry(TokioIo::new(upgraded)).await;
            }
            drop(peer);
        });
        Ok(accepted.into_response())
    }
}

/// A session whose packets a front end carries. Dropping it ends the session.
///
/// It is the transport, as the session sees it: one that can write at any time, and that
/// has written what [`next`](Self::next) returned when `next` is called again.
///
/// ```
/// use engine_io::front::Carrier;
/// use engine_io::{Closed, Packet};
///
/// async fn there_and_back(carrier: &Carrier) -> Result<(), Closed> {
///     carrier.receive(Packet::decode("4hello").unwrap()).await?;
///     while let Some(packets) = carrier.next().await {
///         println!("{packets:?}");
///     }
///     Ok(())
/// }
/// ```
pub struct Carrier {
    session: Session,
    receiver: Arc<dyn Receiver>,
    /// Bytes that `next` has returned, and that still count for the session.
    under_way: Mutex<usize>,
}

impl Carrier {
    pub(crate) fn new(session: Session) -> Option<Self> {
        let receiver = session.receiver()?;
        Some(Self {
            session,
            receiver,
            under_way: Mutex::new(0),
        })
    }

    /// Returns the session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Returns why the session ended, once it has.
    pub fn ended(&self) -> Option<CloseReason> {
        self.session.with(|machine| machine.ended())
    }

    /// Whether the session has ended and has nothing more to send.
    pub fn is_gone(&self) -> bool {
        self.session.is_gone()
    }

    /// Ends the session at once, and drops what is queued.
    pub fn abort(&self, reason: CloseReason) {
        self.session.abort(reason);
    }

    /// Hands a packet to the session, when the application wants to be given more. Call
    /// it from one task at a time.
    ///
    /// # Errors
    /// The session has ended, perhaps over this packet.
    pub async fn receive(&self, packet: Packet<'_>) -> Result<(), Closed> {
        poll_fn(|cx| self.session.poll_may_receive(cx)).await;
        match self.session.with(|machine| machine.receive(now(), packet)) {
            Ok(Some(message)) => self.session.deliver(&*self.receiver, message),
            Ok(None) => {}
            Err(_) => return Err(Closed),
        }
        Ok(())
    }

    /// As [`receive`](Self::receive), for a binary message.
    ///
    /// # Errors
    /// As [`receive`](Self::receive).
    pub async fn receive_binary(&self, bytes: Bytes) -> Result<(), Closed> {
        self.receive(Packet::Message(Message::Binary(bytes))).await
    }

    /// Waits for packets, and returns all that there are. Returns `None` when the session
    /// has ended and has nothing more to send. Call it from one task at a time.
    ///
    /// Until the next call the packets count as bytes that wait for the client.
    pub async fn next(&self) -> Option<Vec<EncodedMessage>> {
        let mut written = std::mem::take(&mut *self.under_way());
        let packets = poll_fn(|cx| {
            let written = std::mem::take(&mut written);
            self.session.poll_output(cx, |machine| {
                machine.wrote(written);
                let mut batch = std::collections::VecDeque::new();
                machine.take(&mut batch);
                if batch.is_empty() && machine.ended().is_none() {
                    None
                } else {
                    Some(batch)
                }
            })
        })
        .await;
        if packets.is_empty() {
            self.session.with(Machine::writer_ended);
            return None;
        }
        *self.under_way() = packets.iter().map(EncodedMessage::size).sum();
        Some(packets.into())
    }

    fn under_way(&self) -> std::sync::MutexGuard<'_, usize> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.session.with(|machine| {
            machine.close(now(), CloseReason::TransportClose);
            machine.writer_ended();
        });
    }
}

impl std::fmt::Debug for Carrier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Carrier").field(&self.session).finish()
    }
}

/// Returns whether a script element or a form of one of the server's own pages sent the
/// request. Browsers send such requests for any page and with the user's cookies, and
/// name no `Origin` for a script, so only our own pages may get the answer. The
/// browser says where the request comes from in `Sec-Fetch-Site`, or the
/// address of the page in `Referer`.
pub fn is_from_own_page(server: &Server, headers: &HeaderMap) -> bool {
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = value("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(referer) = value("referer") else {
        return false;
    };
    let mut parts = referer.splitn(4, '/');
    let (Some(scheme), Some(""), Some(host)) = (parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let Ok(origin) = HeaderValue::try_from(format!("{scheme}//{host}")) else {
        return false;
    };
    let mut as_if = HeaderMap::new();
    for name in [header::HOST.as_str(), "x-forwarded-host"] {
        if let Some(value) = headers.get(name)
            && let Ok(name) = header::HeaderName::try_from(name)
        {
            as_if.insert(name, value.clone());
        }
    }
    as_if.insert(header::ORIGIN, origin);
    server.config().is_own_origin(&as_if)
}
