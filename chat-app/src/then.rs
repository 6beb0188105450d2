//! The page of the talk, `/2013`: slide 21's `chat.js` and the Socket.IO client of 2013,
//! in the rooms of today.
//!
//! The client is not ours to pass on, and is 2,000 lines that nobody maintains: who
//! starts the chat says where the file is. It is in the package `socket.io-client`
//! 0.9.17 on npm.

use bytes::Bytes;
use warp::filters::BoxedFilter;
use warp::http::{HeaderValue, header};
use warp::reply::Response;
use warp::{Filter, Reply};

use crate::html::Html;
use crate::names::Room;

const PAGE: &str = include_str!("../web/2013/index.html");
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// What the browser may do with the page. jsonp-polling puts scripts of this server into
/// it, and sends its packets with a form into an iframe.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-src 'self'; \
    base-uri 'none'; frame-ancestors 'none'";

/// Returns the page and what it loads. Other requests are rejected.
pub(crate) fn page(client: Bytes) -> BoxedFilter<(Response,)> {
    let get = warp::get().or(warp::head()).unify();
    let index = warp::path!("2013")
        .and(warp::query::raw().or(warp::any().map(String::new)).unify())
        .map(|query: String| index(&query));
    let file = warp::path!("2013" / String).and_then(move |name: String| {
        let file = match name.as_str() {
            "socket.io.js" => Some((JAVASCRIPT, client.clone())),
            "chat.js" => Some((JAVASCRIPT, Bytes::from_static(CHAT))),
            "page.js" => Some((JAVASCRIPT, Bytes::from_static(SHIM))),
            "chat.css" => Some(("text/css; charset=utf-8", Bytes::from_static(STYLE))),
            _ => None,
        };
        async move {
            let (kind, body) = file.ok_or_else(warp::reject::not_found)?;
            Ok::<_, warp::Rejection>(with_type(body, kind))
        }
    });
    get.and(index.or(file).unify()).boxed()
}

const CHAT: &[u8] = include_bytes!("../web/2013/chat.js");
const SHIM: &[u8] = include_bytes!("../web/2013/page.js");
const STYLE: &[u8] = include_bytes!("../web/2013/chat.css");

fn index(query: &str) -> Response {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let room = pairs.find(|(name, _)| name == "room");
    let room = room.map_or_else(|| "lobby".to_owned(), |(_, room)| room.into_owned());
    // Only its name is shown; the chat itself decides whether it can be joined.
    let room = Room::named(&room).map_or(room, |room| room.name);
    let html = Html::fill(PAGE, &[("room", Html::text(&room))]);
    with_type(html.as_str().to_owned().into(), "text/html; charset=utf-8")
}

fn with_type(body: Bytes, kind: &'static str) -> Response {
    let mut response = warp::http::Response::new(body).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
