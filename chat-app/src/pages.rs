//! The pages: plain HTTP for people, before any event flows.
//!
//! A page shows what strangers typed, so it trusts none of it twice: names are escaped
//! where they are put in (see [`crate::html`]), and a content security policy makes the
//! browser refuse to run anything but our own files.

use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use engine_io::Transports;
use futures_util::{Stream, StreamExt};
use percent_encoding::{
    AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode,
};
use warp::filters::BoxedFilter;
use warp::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use warp::reject::{MethodNotAllowed, Rejection};
use warp::reply::Response;
use warp::{Filter, Reply};

use crate::chat::{Chat, Refused, open_room};
use crate::html::Html;
use crate::names::Room;

/// The largest form, in bytes: a room's name and what percent-encoding makes of it.
const MAX_FORM: usize = 4096;
/// How long a form may take to arrive.
const FORM_TIMEOUT: Duration = Duration::from_secs(10);

const INDEX: &str = include_str!("../web/index.html");
const ROOM: &str = include_str!("../web/room.html");
const ADMIN: &str = include_str!("../web/admin.html");
const PROBLEM: &str = include_str!("../web/problem.html");
/// Attributes of a field whose value was refused.
const INVALID: &str = "aria-invalid=\"true\" autofocus";
/// The picture that a messenger shows with a link to us. Its address has to be whole.
const PICTURE: &str =
    "\n<meta property=\"og:image\" content=\"{{url}}/static/touch-icon.png\">";
/// Offers to open the room that is not there.
const OPEN_ROOM: &str = "<form class=\"add\" method=\"post\" action=\"/rooms\">\
    <label for=\"name\">Open this room</label>\
    <div class=\"field\">\
    <input id=\"name\" name=\"name\" value=\"{{name}}\" required maxlength=\"64\" \
    autocomplete=\"off\"><button>Open room</button></div></form>";

/// The rights of our pages in the browser: they load and run our own files, and connect to
/// us, and nothing else.
const SECURITY: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        // For connections too, 'self' is this host and port: http, https, ws and wss.
        "default-src 'self'; connect-src 'self'; img-src 'self' data:; \
         object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    // For browsers that do not know frame-ancestors.
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not no-referrer: with that a browser sends `Origin: null` with our own form.
    (header::REFERRER_POLICY, "same-origin"),
];

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Lists files of `web` by name and media type. A module that is served as anything but
/// JavaScript is not run.
macro_rules! files {
    ($($name:literal: $kind:expr,)*) => {
        &[$(($name, $kind, include_bytes!(concat!("../web/", $name)).as_slice())),*]
    };
}

/// The files that the pages load, except the Socket.IO client.
const FILES: &[(&str, &str, &[u8])] = files! {
    "chat.css": "text/css; charset=utf-8",
    "chat.webmanifest": "application/manifest+json",
    "icon.svg": SVG,
    "icon-new.svg": SVG,
    "touch-icon.png": "image/png",
    "admin.js": JAVASCRIPT,
    "chat.js": JAVASCRIPT,
    "composer.js": JAVASCRIPT,
    "connection.js": JAVASCRIPT,
    "dom.js": JAVASCRIPT,
    "log.js": JAVASCRIPT,
    "memory.js": JAVASCRIPT,
    "notices.js": JAVASCRIPT,
    "outbox.js": JAVASCRIPT,
    "people.js": JAVASCRIPT,
    "rooms.js": JAVASCRIPT,
    "scroll.js": JAVASCRIPT,
    "text.js": JAVASCRIPT,
};

/// A file that a page loads.
struct Asset {
    name: &'static str,
    kind: &'static str,
    body: Bytes,
    /// Changes when the body does.
    tag: HeaderValue,
}

impl Asset {
    fn new(name: &'static str, kind: &'static str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let mut hash = DefaultHasher::new();
        body.hash(&mut hash);
        let tag = HeaderValue::try_from(format!("\"{:016x}\"", hash.finish()))
            .expect("hex digits in quotes");
        Self {
            name,
            kind,
            body,
            tag,
        }
    }
}

/// The state that the pages need.
struct Site {
    chat: Arc<Chat>,
    engine: engine_io::Config,
    assets: Vec<Asset>,
    /// In the head of each page: [`PICTURE`], if our address is known.
    picture: Html,
}

/// The pages as a filter, with an answer for every request.
///
/// `client` is served in place of the project's own Socket.IO client. `engine` says what
/// the page may use to connect, and which page is our own.
pub(crate) fn pages(
    chat: Arc<Chat>,
    engine: &engine_io::Config,
    client: Option<Bytes>,
    public_url: Option<&str>,
) -> BoxedFilter<(Response,)> {
    let client =
        client.unwrap_or(Bytes::from_static(include_bytes!("../web/socket.io.js")));
    let mut assets: Vec<_> = FILES
        .iter()
        .map(|&(name, kind, body)| Asset::new(name, kind, body))
        .collect();
    assets.push(Asset::new("socket.io.js", JAVASCRIPT, client));
    let has_admin = chat.watch.enabled;
    let site = Arc::new(Site {
        chat,
        engine: engine.clone(),
        assets,
        picture: public_url.map_or_else(Html::default, |url| {
            Html::fill(PICTURE, &[("url", Html::text(url))])
        }),
    });
    let site = warp::any().map(move || site.clone());
    let get = warp::get().or(warp::head()).unify();

    let index = warp::path::end().and(get).and(site.clone()).then(index);
    let room = warp::path!("room" / String)
        .and(get)
        .and(site.clone())
        .then(room);
    let add_room = warp::path!("rooms")
        .and(warp::post())
        .and(site.clone())
        .and(engine_io::client_address(engine))
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(add_room);
    let admin = warp::path!("admin").and(get).map(move || {
        if has_admin {
            Ok(page(StatusCode::OK, &Html::fill(ADMIN, &[])))
        } else {
            Err(Problem::NotFound)
        }
    });
    let asset = warp::path!("static" / String)
        .and(get)
        .and(site)
        .and(warp::header::optional("if-none-match"))
        .map(asset);

    let headers = SECURITY.map(|(name, value)| (name, HeaderValue::from_static(value)));
    index
        .or(room)
        .unify()
        .or(add_room)
        .unify()
        .or(admin)
        .unify()
        .or(asset)
        .unify()
        .map(|answer: Result<Response, Problem>| {
            answer.unwrap_or_else(Problem::into_response)
        })
        .recover(async |rejection: Rejection| {
            let wrong_method = rejection.find::<MethodNotAllowed>().is_some();
            let problem = if wrong_method {
                Problem::Method
            } else {
                Problem::NotFound
            };
            Ok::<_, Infallible>(problem.into_response())
        })
        .unify()
        .with(warp::reply::with::headers(HeaderMap::from_iter(headers)))
        .map(Reply::into_response)
        .boxed()
}

/// `GET /`
async fn index(site: Arc<Site>) -> Result<Response, Problem> {
    Ok(list_rooms(&site, StatusCode::OK, "", ""))
}

/// The rooms, and what was wrong with the one that was to be added.
fn list_rooms(site: &Site, status: StatusCode, typed: &str, error: &str) -> Response {
    let rooms = site.chat.store.directory().all();
    let rooms = rooms.into_iter().map(|entry| entry.room);
    let line = "<li><a href=\"{{address}}\"><bdi class=\"name\">{{name}}</bdi></a></li>";
    let list = rooms.map(|room| {
        Html::fill(
            line,
            &[
                ("address", Html::text(&address(&room))),
                ("name", Html::text(&room.name)),
            ],
        )
    });
    // Where something is to be corrected, the title and the field say so, and the cursor
    // is there: a screen reader reads both, and the error with the field.
    let (title, invalid) = if error.is_empty() {
        ("Rooms", "")
    } else {
        ("Error: no room was added", INVALID)
    };
    let values = [
        ("title", Html::text(title)),
        ("rooms", list.collect()),
        ("name", Html::text(typed)),
        ("invalid", Html::fill(invalid, &[])),
        ("error", Html::text(error)),
        ("transports", Html::text(transports(site))),
        ("picture", site.picture.clone()),
    ];
    page(status, &Html::fill(INDEX, &values))
}

/// `GET /room/<slug>`
async fn room(slug: String, site: Arc<Site>) -> Result<Response, Problem> {
    let slug = percent_decode_str(&slug)
        .decode_utf8()
        .map_err(|_| Problem::NotFound)?;
    let Some(entry) = site.chat.store.directory().room(&slug) else {
        return Err(match Room::named(&slug) {
            Ok(wanted) if wanted.slug == slug => Problem::NoRoom(wanted),
            _ => Problem::NotFound,
        });
    };
    let room = entry.room;
    let values = [
        ("name", Html::text(&room.name)),
        ("slug", Html::text(&room.slug)),
        ("transports", Html::text(transports(&site))),
        ("picture", site.picture.clone()),
    ];
    Ok(page(StatusCode::OK, &Html::fill(ROOM, &values)))
}

/// The transports that a page's client may use, as its option spells them.
fn transports(site: &Site) -> &'static str {
    match site.engine.transports {
        Transports {
            websocket: false, ..
        } => "polling",
        Transports { polling: false, .. } => "websocket",
        Transports { .. } => "polling,websocket",
    }
}

/// `POST /rooms`
async fn add_room<S, B>(
    site: Arc<Site>,
    address_of_client: Option<SocketAddr>,
    headers: HeaderMap,
    body: S,
) -> Result<Response, Problem>
where
    S: Stream<Item = Result<B, warp::Error>> + Send,
    B: Buf,
{
    if !site.engine.is_own_origin(&headers) {
        return Err(Problem::OtherSite);
    }
    let form = tokio::time::timeout(FORM_TIMEOUT, read_form(body))
        .await
        .map_err(|_| Problem::TooSlow)??;
    let name = form_urlencoded::parse(&form)
        .find(|(key, _)| key == "name")
        .unwrap_or_default()
        .1;
    let client = address_of_client.map(|address| address.ip());
    let actor = site.chat.limiter.actor(None, client);
    let opened = match Room::named(&name) {
        Ok(wanted) => open_room(&site.chat, wanted, actor).await,
        Err(refusal) => Err(refusal.into()),
    };
    let (status, reason) = match opened {
        Ok(room) => {
            let there = address(&room);
            let response =
                warp::reply::with_header(StatusCode::SEE_OTHER, header::LOCATION, there);
            return Ok(response.into_response());
        }
        Err(Refused::Store(error)) => {
            tracing::debug!(%error, "a room could not be added");
            return Err(Problem::Store(error.reason()));
        }
        Err(limit @ Refused::TooMuch(_)) => {
            (StatusCode::TOO_MANY_REQUESTS, limit.to_string())
        }
        Err(refused) => (StatusCode::BAD_REQUEST, refused.to_string()),
    };
    Ok(list_rooms(&site, status, &name, &reason))
}

/// The body, as far as it may go.
async fn read_form<S, B>(body: S) -> Result<Vec<u8>, Problem>
where
    S: Stream<Item = Result<B, warp::Error>> + Send,
    B: Buf,
{
    let mut body = std::pin::pin!(body);
    let mut form = Vec::new();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|_| Problem::Broken)?;
        if form.len() + piece.remaining() > MAX_FORM {
            return Err(Problem::TooLarge);
        }
        form.put(piece);
    }
    Ok(form)
}

/// `GET /static/<name>`
fn asset(
    name: String,
    site: Arc<Site>,
    known: Option<HeaderValue>,
) -> Result<Response, Problem> {
    let asset = site
        .assets
        .iter()
        .find(|asset| asset.name == name)
        .ok_or(Problem::NotFound)?;
    let mut response = if known.as_ref() == Some(&asset.tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let body = warp::http::Response::new(asset.body.clone());
        warp::reply::with_header(body, header::CONTENT_TYPE, asset.kind).into_response()
    };
    response
        .headers_mut()
        .insert(header::ETAG, asset.tag.clone());
    // Kept, but asked about each time: a new version of the program is a new page at the
    // next visit.
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// Where a room's page is. A slug has letters of any script, an address has not.
fn address(room: &Room) -> String {
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-');
    format!("/room/{}", utf8_percent_encode(&room.slug, ENCODED))
}

fn page(status: StatusCode, html: &Html) -> Response {
    let mut response = warp::reply::html(html.as_str().to_owned()).into_response();
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// An error, as a page.
enum Problem {
    NotFound,
    /// There could be such a room.
    NoRoom(Room),
    Method,
    OtherSite,
    TooLarge,
    TooSlow,
    Broken,
    Store(&'static str),
}

impl Problem {
    fn into_response(self) -> Response {
        let (status, title, detail) = match &self {
            Problem::NotFound => (
                StatusCode::NOT_FOUND,
                "Not found",
                "There is no such page or room.",
            ),
            Problem::NoRoom(_) => (
                StatusCode::NOT_FOUND,
                "No such room",
                "There is no room at this address. You can open it.",
            ),
            Problem::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "Not allowed",
                "This page cannot be used in that way.",
            ),
            Problem::OtherSite => (
                StatusCode::FORBIDDEN,
                "Not allowed",
                "Rooms are added from this site's own page.",
            ),
            Problem::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "Too long",
                "The form is too long.",
            ),
            Problem::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                "Too slow",
                "The form did not arrive in time.",
            ),
            Problem::Broken => (
                StatusCode::BAD_REQUEST,
                "Broken off",
                "The form did not arrive whole.",
            ),
            Problem::Store(reason) => {
                (StatusCode::SERVICE_UNAVAILABLE, "Out of order", *reason)
            }
        };
        let action = match &self {
            Problem::NoRoom(room) => {
                Html::fill(OPEN_ROOM, &[("name", Html::text(&room.name))])
            }
            _ => Html::default(),
        };
        let values = [
            ("title", Html::text(title)),
            ("detail", Html::text(detail)),
            ("action", action),
        ];
        let mut response = page(status, &Html::fill(PROBLEM, &values));
        if matches!(self, Problem::TooLarge | Problem::TooSlow | Problem::Broken) {
            // The rest of the body is not read, so the connection cannot serve another
            // request.
            response
                .headers_mut()
                .insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use futures_util::stream;

    use super::*;
    use crate::store::Store;

    #[tokio::test(start_paused = true)]
    async fn a_form_that_drips_is_not_waited_for() {
        let store = Store::open(Path::new(":memory:")).unwrap();
        let site = Arc::new(Site {
            chat: Arc::new(Chat::for_tests(store)),
            engine: engine_io::Config::default(),
            assets: Vec::new(),
            picture: Html::default(),
        });
        let drops = stream::unfold((), async |()| {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Some((Ok(Bytes::from_static(b"x")), ()))
        });
        let answer = tokio::time::timeout(
            FORM_TIMEOUT * 2,
            add_room(site, None, HeaderMap::new(), drops),
        )
        .await;
        assert!(matches!(answer, Ok(Err(Problem::TooSlow))));
    }
}
