//! The path of each transport, and which requests are refused.

use std::collections::HashSet;
use std::str::FromStr;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use hyper::upgrade::OnUpgrade;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use crate::long_polling::reply;
use crate::{
    Callback, Hub, Transport, from_another_site, long_polling, streaming, upstream,
    web_socket,
};

/// A bad network, simulated in the server: transports that are refused, and a proxy that
/// holds streams back.
#[derive(Clone, Debug, Default)]
pub struct Refused {
    /// Transports answered with 403, as by a proxy that does not know them.
    pub transports: HashSet<Transport>,
    /// Whether a proxy passes a response on only when it is complete, or a megabyte of it.
    pub streams: bool,
}

const PAGE: &str = include_str!("../web/index.html");
/// The transports, which any page can load, and the code of our own page.
const SCRIPTS: [(&str, &str); 2] = [
    ("transports.js", include_str!("../web/transports.js")),
    ("page.js", include_str!("../web/page.js")),
];

/// The page and its scripts, `/events/NAME` for each [`Transport`], and `POST /send`.
///
/// Each transport accepts `after`, the number of the last event that the client has seen
/// (an `EventSource` that reconnects sends it as `Last-Event-ID`). Without it, a client
/// receives the events from now on.
pub fn routes(hub: &Hub, refused: Refused) -> BoxedFilter<(Response,)> {
    let page = warp::path::end().and(warp::get()).map(|| {
        policed(reply(
            StatusCode::OK,
            "text/html; charset=utf-8",
            PAGE.to_owned(),
        ))
    });
    let script = warp::path!(Script).and(warp::get()).map(|Script(text)| {
        reply(
            StatusCode::OK,
            "text/javascript; charset=utf-8",
            text.to_owned(),
        )
    });
    let (events_hub, send_hub) = (hub.clone(), hub.clone());
    let refused = Arc::new(refused);
    let events = warp::path!("events" / Transport)
        .and(warp::get())
        .and(warp::query::raw().or(warp::any().map(String::new)).unify())
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<OnUpgrade>())
        .then(move |transport, query: String, headers, on_upgrade| {
            let (hub, refused) = (events_hub.clone(), refused.clone());
            async move {
                events(&hub, &refused, transport, &query, &headers, on_upgrade).await
            }
        })
        .map(never_stored);
    let send = warp::path!("send")
        .and(warp::post())
        .and(warp::header::headers_cloned())
        .and(warp::body::content_length_limit(
            hub.limits().upstream as u64,
        ))
        .and(warp::body::bytes())
        .map(move |headers, body| {
            if from_another_site(&headers) {
                return forbidden();
            }
            upstream::send(&send_hub, &headers, &body)
        });
    page.or(script)
        .unify()
        .or(events)
        .unify()
        .or(send)
        .unify()
        .boxed()
}

/// One of [`SCRIPTS`], by its name.
struct Script(&'static str);

impl FromStr for Script {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        SCRIPTS
            .iter()
            .find(|(script, _)| *script == name)
            .map(|(_, text)| Self(text))
            .ok_or(())
    }
}

async fn events(
    hub: &Hub,
    refused: &Refused,
    transport: Transport,
    query: &str,
    headers: &HeaderMap,
    on_upgrade: Option<OnUpgrade>,
) -> Response {
    let bad = |what: &str| {
        reply(
            StatusCode::BAD_REQUEST,
            "text/plain; charset=utf-8",
            format!("{what}\n"),
        )
    };
    if from_another_site(headers) || refused.transports.contains(&transport) {
        return forbidden();
    }
    let mut after = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok())
        .map(str::to_owned);
    let mut callback = Err("which callback?");
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "after" => after = after.or_else(|| Some(value.into_owned())),
            "callback" => callback = Callback::from_str(&value),
            _ => {}
        }
    }
    let Ok(after) = after.map(|id| id.parse::<u64>()).transpose() else {
        return bad("after which number?");
    };
    if let (Transport::JsonpPolling, Err(what)) = (transport, &callback) {
        return bad(what);
    }
    let Some(reader) = hub.reader(after) else {
        return reply(
            StatusCode::SERVICE_UNAVAILABLE,
            "text/plain",
            "too many clients\n".to_owned(),
        );
    };
    match (transport, callback) {
        (Transport::WebSocket, _) => {
            web_socket::response(hub, reader, headers, on_upgrade)
        }
        (Transport::LongPolling, _) => {
            long_polling::response(reader, hub.limits().poll_wait).await
        }
        (Transport::JsonpPolling, Ok(callback)) => {
            long_polling::jsonp_response(reader, hub.limits().poll_wait, callback).await
        }
        (transport, _) => streaming::response(transport, reader, refused.streams),
    }
}

fn forbidden() -> Response {
    reply(
        StatusCode::FORBIDDEN,
        "text/plain",
        "not from there\n".to_owned(),
    )
}

/// No cache keeps an answer, no proxy that can be asked not to holds one back, and no
/// browser takes it for something else than it says; the frame is for our own page.
fn never_stored(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-store, no-transform"),
    );
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::X_FRAME_OPTIONS,
        HeaderValue::from_static("SAMEORIGIN"),
    );
    response
}

fn policed(mut response: Response) -> Response {
    let policy = "default-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(policy),
    );
    response
}
