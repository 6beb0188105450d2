//! The addresses of 0.9, below `/socket.io/1/`: the handshake, and each transport.

use std::sync::Arc;

use engine_io::front::{FrontRequest, is_from_own_page};
use engine_io::{CloseReason, Refusal};
use futures_util::stream;
use http::{Method, StatusCode};
use tokio::time::Instant;
use warp::reply::Response;

use super::handshake::{Handshake, Transport};
use super::machine::Session;
use super::{decode_body, encode_body};
use crate::gateway::{Gateway, Generation, Outcome, parameter};
use crate::machine::Piece;
use crate::response::{javascript, literal, plain, script, stream as endless};
use crate::seat::{Nothing, Seat};
use crate::socket;

/// The answer to a session that is not there: error 1, "client not handshaken", with the
/// advice to reconnect.
const UNKNOWN: &str = "7:::1+0";
/// A part ends where the next one would start, so that the browser need not wait for it.
const MULTIPART_HEAD: &str = "--socketio\r\n";
const NOOP: &str = "8::";
/// Internet Explorer ran a page's scripts only after about this many characters.
const PADDING: usize = 173;

/// Answers a request below `/socket.io/1`; `base` is the length of `/socket.io`.
pub(crate) async fn serve(
    gateway: &Arc<Gateway>,
    request: FrontRequest,
    base: usize,
) -> Outcome {
    let path = request.path()[base..].to_owned();
    let mut parts = path.split('/').filter(|part| !part.is_empty()).skip(1);
    let first = parts.next();
    let Some(second) = parts.next() else {
        // `/1//SID/?disconnect=1` has no transport.
        if let Some(sid) = first
            && parameter(request.query(), "disconnect").is_some()
        {
            return Ok(disconnect(gateway, sid));
        }
        return match first {
            None => handshake(gateway, &request).await,
            Some(_) => Err(StatusCode::BAD_REQUEST),
        };
    };
    if parts.next().is_some() {
        return Err(StatusCode::BAD_REQUEST);
    }
    let transport = first.unwrap_or_default().parse::<Transport>();
    let offered = |it: &Transport| gateway.config.transports.contains(it);
    let transport = transport.ok().filter(offered);
    let transport = transport.ok_or(StatusCode::BAD_REQUEST)?;
    if parameter(request.query(), "disconnect").is_some() {
        return Ok(disconnect(gateway, second));
    }
    let seat = gateway.find(Generation::V09, second);
    if request.wants_upgrade() != transport.is_websocket() {
        return Err(StatusCode::BAD_REQUEST);
    }
    if transport.is_websocket() {
        return websocket(gateway, seat, request);
    }
    let call = Call::of(transport, request.query())?;
    match (request.method(), seat) {
        (&Method::POST, Some(seat)) => bring(&seat, &request, transport).await,
        (&Method::GET, Some(seat)) => {
            request.may_end();
            seat.open().await;
            Ok(match transport {
                Transport::HtmlFile => {
                    endless("text/html; charset=UTF-8", bodies(seat, html_head(), html))
                }
                Transport::XhrMultipart => endless(
                    "multipart/x-mixed-replace; boundary=\"socketio\"",
                    bodies(seat, MULTIPART_HEAD.to_owned(), multipart),
                ),
                _ => call.response(poll(gateway, &seat).await),
            })
        }
        (&Method::POST | &Method::GET, None) => Ok(match transport {
            Transport::HtmlFile => {
                let body = [html_head(), html(UNKNOWN.to_owned())].concat();
                endless("text/html; charset=UTF-8", stream::iter([body]))
            }
            _ => call.response(UNKNOWN.to_owned()),
        }),
        _ => Err(StatusCode::METHOD_NOT_ALLOWED),
    }
}

/// How a poll is answered: with a text, or with a call of the page's function.
enum Call {
    Text,
    Script(u64),
}

impl Call {
    fn of(transport: Transport, query: &str) -> Result<Self, StatusCode> {
        if transport != Transport::JsonpPolling {
            return Ok(Self::Text);
        }
        match parameter(query, "i") {
            None => Ok(Self::Script(0)),
            Some(index) => callback(&index).map(Self::Script),
        }
    }

    fn response(&self, body: String) -> Response {
        match self {
            Self::Text => plain(StatusCode::OK, body),
            Self::Script(index) => javascript(script("io.j", *index, &body)),
        }
    }
}

/// The number of a callback, which is all that a client may choose of its name.
fn callback(index: &str) -> Result<u64, StatusCode> {
    super::digits(index).ok_or(StatusCode::BAD_REQUEST)
}

async fn handshake(gateway: &Arc<Gateway>, request: &FrontRequest) -> Outcome {
    if request.method() != Method::GET {
        return Err(StatusCode::METHOD_NOT_ALLOWED);
    }
    let jsonp = parameter(request.query(), "jsonp");
    let jsonp = jsonp.as_deref().map(callback).transpose()?;
    // A script element can be in any page, and the answer would give that page a session
    // of the user who looks at it.
    if jsonp.is_some() && !is_from_own_page(&gateway.server, request.headers()) {
        return Err(StatusCode::FORBIDDEN);
    }
    let config = gateway.server.config();
    let max = config.max_payload;
    let opened = gateway.open(Generation::V09, request, |_| Session::new(max));
    let seat = opened.await.map_err(Refusal::status)?;
    let patience = config.ping_interval + config.ping_timeout;
    let line = Handshake {
        sid: seat.id().to_owned(),
        heartbeat: Some(patience),
        // By polling, a noop is the only sign of life.
        close: Some(patience.max(3 * gateway.config.polling_duration)),
        transports: gateway.config.transports.clone(),
    };
    let line = line.to_string();
    Ok(match jsonp {
        Some(index) => javascript(script("io.j", index, &line)),
        None => plain(StatusCode::OK, line),
    })
}

/// `?disconnect`: a page that is left says so, while it can.
fn disconnect(gateway: &Gateway, sid: &str) -> Response {
    if let Some(seat) = gateway.find(Generation::V09, sid) {
        seat.close(CloseReason::TransportClose);
    }
    plain(StatusCode::OK, "")
}

fn websocket(
    gateway: &Arc<Gateway>,
    seat: Option<Arc<Seat>>,
    request: FrontRequest,
) -> Outcome {
    let gateway = gateway.clone();
    let answered = request.websocket(async move |io| {
        let config = gateway.server.config();
        let (reader, writer) = socket::split(io, config, false);
        match seat {
            Some(seat) => {
                seat.open().await;
                socket::carry(&seat, reader, writer).await;
            }
            None => socket::refuse(reader, writer, Piece::text(UNKNOWN)).await,
        }
    });
    answered.map_err(Refusal::status)
}

// ANCHOR: poll
/// Waits for packets, and returns them as a body.
async fn poll(gateway: &Gateway, seat: &Seat) -> String {
    let deadline = Instant::now() + gateway.config.polling_duration;
    let turn = seat.take_turn().await;
    match turn.next(Some(deadline)).await {
        Ok(Some(pieces)) => encode_body(pieces.iter().filter_map(text)),
        Ok(None) => {
            gateway.forget(Generation::V09, seat.id());
            text(&seat.last()).unwrap_or(UNKNOWN).to_owned()
        }
        Err(Nothing::Late | Nothing::Replaced) => NOOP.to_owned(),
    }
}
// ANCHOR_END: poll

fn text(piece: &Piece) -> Option<&str> {
    match piece {
        Piece::Text(text) => Some(text),
        Piece::Binary(_) => None,
    }
}

/// A POST has come.
async fn bring(seat: &Seat, request: &FrontRequest, transport: Transport) -> Outcome {
    let body = request.body().await.inspect_err(|status| {
        if *status != StatusCode::PAYLOAD_TOO_LARGE {
            seat.close(CloseReason::TransportError);
        }
    })?;
    let broken = |()| {
        seat.close(CloseReason::ParseError);
        StatusCode::BAD_REQUEST
    };
    let body = std::str::from_utf8(&body).map_err(|_| broken(()))?;
    let form;
    let body = if transport == Transport::JsonpPolling {
        // A form, whose field `d` is the body as a text of JSON: browsers changed line
        // feeds in forms.
        let field = parameter(body, "d").unwrap_or_default();
        form = serde_json::from_str::<String>(&field).map_err(|_| broken(()))?;
        &form
    } else {
        body
    };
    let pieces: Result<Vec<_>, _> = decode_body(body)
        .map(|packet| packet.map(Piece::text))
        .collect();
    let pieces = pieces.map_err(|_| broken(()))?;
    if seat.receive(&pieces).await {
        Ok(plain(StatusCode::OK, "1"))
    } else {
        Err(StatusCode::BAD_REQUEST)
    }
}

/// The pieces of a body that ends with the session.
fn bodies(
    seat: Arc<Seat>,
    head: String,
    shape: fn(String) -> String,
) -> impl futures_util::Stream<Item = String> + Send + Sync {
    let number = seat.new_turn();
    stream::unfold(Some((seat, head)), move |state| async move {
        let (seat, head) = state?;
        if !head.is_empty() {
            return Some((head, Some((seat, String::new()))));
        }
        let (packets, last) = {
            let turn = seat.turn_of(number).await;
            match turn.next(None).await {
                Ok(Some(pieces)) => (pieces, false),
                Ok(None) => (vec![seat.last()], true),
                Err(_) => return None,
            }
        };
        let body = packets.iter().filter_map(text);
        let body = body.map(|text| shape(text.to_owned())).collect();
        Some((body, (!last).then_some((seat, String::new()))))
    })
}

fn html_head() -> String {
    format!(
        "<html><body><script>var _ = function (msg) {{ parent.s._(msg, document); }};\
         </script>{}",
        " ".repeat(PADDING)
    )
}

/// A script element that calls the page. A message must not end the element, or start a
/// comment in it.
fn html(packet: String) -> String {
    let text = literal(&packet).replace('/', "\\/").replace('<', "\\u003c");
    format!("<script>_({text});</script>")
}

fn multipart(packet: String) -> String {
    format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{packet}\r\n--socketio\r\n")
}
