//! Requests of Engine.IO 3, which the query tells apart from those of today: `EIO=3`.

use std::sync::Arc;
use std::time::Duration;

use engine_io::front::{FrontRequest, is_from_own_page};
use engine_io::{CloseReason, Refusal};
use futures_util::future::Either;
use http::{HeaderMap, Method, StatusCode, header};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{interval, timeout};
use warp::reply::Response;

use super::machine::{Open, Session};
use super::payload::{decode_binary, decode_text, encode_binary, encode_text};
use crate::gateway::{Gateway, Generation, Outcome, parameter};
use crate::machine::Piece;
use crate::response::{javascript, plain, script, with_type};
use crate::seat::{Nothing, Seat};
use crate::socket::{self, Reader, Writer};
use crate::v09::digits;

/// How often polls that wait are let go while a WebSocket is tried.
const NUDGE: Duration = Duration::from_millis(100);

/// The query of a request.
struct Query {
    sid: Option<String>,
    websocket: bool,
    /// The number of the page's function, for JSONP.
    index: Option<u64>,
    base64: bool,
}

impl Query {
    fn parse(query: &str) -> Result<Self, Refusal> {
        let websocket = match parameter(query, "transport").as_deref() {
            Some("websocket") => true,
            Some("polling") => false,
            _ => return Err(Refusal::UnknownTransport),
        };
        let index = parameter(query, "j");
        let index = index.map(|index| digits(&index).ok_or(Refusal::BadRequest));
        Ok(Self {
            sid: parameter(query, "sid"),
            websocket,
            index: index.transpose()?.filter(|_| !websocket),
            base64: parameter(query, "b64").is_some_and(|value| value != "0"),
        })
    }
}

/// Answers a request with `EIO=3`.
pub(crate) async fn serve(gateway: &Arc<Gateway>, request: FrontRequest) -> Outcome {
    answer(gateway, request).await.or_else(|refusal| {
        let json = "application/json";
        Ok(with_type(refusal.status(), json, refusal.body()))
    })
}

async fn answer(
    gateway: &Arc<Gateway>,
    request: FrontRequest,
) -> Result<Response, Refusal> {
    let query = Query::parse(request.query())?;
    let transports = gateway.server.config().transports;
    if !(if query.websocket {
        transports.websocket
    } else {
        transports.polling
    }) {
        return Err(Refusal::UnknownTransport);
    }
    if request.wants_upgrade() != query.websocket {
        return Err(Refusal::BadRequest);
    }
    let seat = match &query.sid {
        Some(sid) => {
            let seat = gateway.find(Generation::V3, sid);
            Some(seat.ok_or(Refusal::UnknownSession)?)
        }
        None => None,
    };
    match seat {
        None if request.method() != Method::GET => Err(Refusal::BadHandshakeMethod),
        None => {
            let seat = open(gateway, &request, &query).await?;
            if query.websocket {
                websocket(gateway, seat, &query, true, request)
            } else {
                seat.open().await;
                poll(gateway, &seat, &query).await
            }
        }
        Some(seat) if query.websocket => websocket(gateway, seat, &query, false, request),
        Some(seat) if seat.has_moved() => {
            drop(seat);
            Err(Refusal::BadRequest)
        }
        Some(seat) if request.method() == Method::GET => {
            request.may_end();
            poll(gateway, &seat, &query).await
        }
        Some(seat) if request.method() == Method::POST => {
            bring(&seat, &request, &query).await
        }
        Some(_) => Err(Refusal::BadRequest),
    }
}

async fn open(
    gateway: &Arc<Gateway>,
    request: &FrontRequest,
    query: &Query,
) -> Result<Arc<Seat>, Refusal> {
    // Any page can have a script element, and this one's answer would be a session of the
    // user who looks at the page.
    if query.index.is_some() && !is_from_own_page(&gateway.server, request.headers()) {
        return Err(Refusal::Forbidden);
    }
    let config = gateway.server.config();
    let upgrade =
        !query.websocket && config.transports.websocket && config.allow_upgrades;
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let opened = gateway.open(Generation::V3, request, |sid| {
        // The server waits for an answer as long as `ping_timeout`, and gets it with the
        // client's next question: so the client has to ask twice in that time.
        let open = Open {
            sid,
            upgrades: if upgrade { &["websocket"] } else { &[] },
            ping_interval: millis(config.ping_timeout / 2).max(1),
            ping_timeout: millis(config.ping_timeout),
        };
        Session::new(open.packet())
    });
    opened.await
}

/// Answers a poll.
async fn poll(
    gateway: &Gateway,
    seat: &Seat,
    query: &Query,
) -> Result<Response, Refusal> {
    let turn = seat.take_turn().await;
    let pieces = match turn.next(None).await {
        Ok(Some(pieces)) => pieces,
        Ok(None) => {
            gateway.forget(Generation::V3, seat.id());
            vec![seat.last()]
        }
        Err(Nothing::Late | Nothing::Replaced) => vec![Piece::text("6")],
    };
    let has_bytes = pieces.iter().any(|it| matches!(it, Piece::Binary(_)));
    Ok(match query.index {
        Some(index) => javascript(script("___eio", index, &encode_text(&pieces))),
        None if has_bytes && !query.base64 => {
            let kind = "application/octet-stream";
            with_type(StatusCode::OK, kind, encode_binary(&pieces))
        }
        None => plain(StatusCode::OK, encode_text(&pieces)),
    })
}

fn is_binary(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/octet-stream"))
}

/// A form's field, as the client has escaped it: browsers change line feeds in forms, so
/// it writes `\n` for one, and `\\n` for a backslash and an n.
fn unescape(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut rest = field;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let (kept, len) = if rest.starts_with("\\\\n") {
            ("\\n", 3)
        } else if rest.starts_with("\\n") {
            ("\n", 2)
        } else {
            ("\\", 1)
        };
        text.push_str(kept);
        rest = &rest[len..];
    }
    text.push_str(rest);
    text
}

/// A POST has come.
async fn bring(
    seat: &Seat,
    request: &FrontRequest,
    query: &Query,
) -> Result<Response, Refusal> {
    let body = match request.body().await {
        Ok(body) => body,
        Err(StatusCode::PAYLOAD_TOO_LARGE) => {
            return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE, ""));
        }
        Err(status) => {
            seat.close(CloseReason::TransportError);
            return Ok(plain(status, ""));
        }
    };
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).map(str::to_owned).ok();
    let pieces = if is_binary(request.headers()) {
        decode_binary(body).ok()
    } else if query.index.is_some() {
        text(&body)
            .and_then(|form| parameter(&form, "d"))
            .and_then(|field| decode_text(&unescape(&field)).ok())
    } else {
        text(&body).and_then(|body| decode_text(&body).ok())
    };
    let Some(pieces) = pieces else {
        seat.close(CloseReason::ParseError);
        return Err(Refusal::BadRequest);
    };
    if seat.receive(&pieces).await {
        Ok(plain(StatusCode::OK, "ok"))
    } else {
        Err(Refusal::BadRequest)
    }
}

fn websocket(
    gateway: &Arc<Gateway>,
    seat: Arc<Seat>,
    query: &Query,
    opens: bool,
    request: FrontRequest,
) -> Result<Response, Refusal> {
    let config = gateway.server.config();
    if !opens && (!config.allow_upgrades || !seat.begin_probe()) {
        return Err(Refusal::BadRequest);
    }
    let (gateway, base64) = (gateway.clone(), query.base64);
    request.websocket(async move |io| {
        let config = gateway.server.config();
        let (mut reader, writer) = socket::split(io, config, base64);
        if opens {
            seat.set_moved();
            seat.open().await;
        } else {
            let probe = pass_probe(&seat, &mut reader, &writer);
            if timeout(config.upgrade_timeout, probe).await != Ok(true) {
                seat.end_probe();
                return socket::close(reader, writer).await;
            }
        }
        socket::carry(&seat, reader, writer).await;
    })
}

/// A WebSocket is tried: `2probe`, `3probe`, and `5` when no poll is waiting. In the
/// meantime polls are answered with a noop, or the client would wait for its last one.
async fn pass_probe<IO: AsyncRead + AsyncWrite>(
    seat: &Seat,
    reader: &mut Reader<IO>,
    writer: &Writer<IO>,
) -> bool {
    let probe = Piece::text("2probe");
    if !matches!(reader.read(writer).await, Ok(Some(piece)) if piece == probe)
        || writer.write(&[Piece::text("3probe")]).await.is_err()
    {
        return false;
    }
    let mut nudge = interval(NUDGE);
    let let_go = async {
        loop {
            nudge.tick().await;
            seat.let_go();
        }
    };
    let upgrade = std::pin::pin!(reader.read(writer));
    let let_go = std::pin::pin!(let_go);
    let upgraded = match futures_util::future::select(upgrade, let_go).await {
        Either::Left((Ok(Some(piece)), _)) => piece == Piece::text("5"),
        _ => false,
    };
    if upgraded {
        seat.set_moved();
    }
    upgraded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forms_field_is_unescaped_as_the_client_escaped_it() {
        assert_eq!(unescape("a\\nb"), "a\nb");
        assert_eq!(unescape("a\\\\nb"), "a\\nb");
        assert_eq!(unescape("a\\tb\\"), "a\\tb\\");
        assert_eq!(unescape("\\\\\\n"), "\\\\n");
    }
}
