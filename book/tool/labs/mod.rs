//! The live labs: servers beside the pages, so that a chapter can be tried where it is
//! read.
//!
//! A lab is a module of JavaScript in `book/labs`, which a page of the served book loads
//! for each of its `lab` blocks, and what it talks to, which is the project's own code
//! and nothing that was made for show:
//!
//! | lab | talks to |
//! |---|---|
//! | `frames` (chapter 7) | a WebSocket server of `websocket`, one a page, which tells what came in and what went out |
//! | `race` (8) | the routes of `transports` |
//! | `session` (9) | a server of `engine_io`, one a page, behind a [`tunnel`] that can be cut |
//! | `console` (10), `chat` (front page) | the chat, which runs on its own port |
//! | `cluster` (12) | two servers of `socket_io` with a bus of `cluster`, two a page |
//! | `then` (13) | the chat, through the gateway of `heritage` |
//!
//! Everything that belongs to one page ends with the connection over which the page drives it
//! ([`page`]).

mod cluster;
mod frames;
mod page;
mod session;
mod tunnel;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use chat_app::names::Room;
use chat_app::store::Store;
use chat_app::tasks::Tasks;
use chat_app::{Chat, Options};
use engine_io::{ServeLimits, is_same_origin};
use page::Page;
use serde_json::json;
use socket_io::Io;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use transports::{Hub, Refused};
use warp::filters::BoxedFilter;
use warp::filters::reply::WithHeader;
use warp::filters::ws::Ws;
use warp::http::StatusCode;
use warp::reply::Response;
use warp::{Filter, Reply};

use crate::house::House;

/// Under this the labs are mounted, where no chapter can be.
const MOUNT: &str = "__labs";
/// The number of pages that may have their own server at once.
const MAX_PAGES: usize = 32;

/// The servers that run alongside the pages.
pub(crate) struct Labs {
    /// The chat's address.
    pub(crate) chat: SocketAddr,
    io: Io,
    hub: Hub,
    /// The chat's background tasks.
    _tasks: Tasks,
}

impl Labs {
    /// Starts the chat on a free port, with nothing in it and nothing kept.
    ///
    /// # Errors
    /// No free port, or a database that cannot be had even in memory.
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("no port for the chat")?;
        let chat = listener.local_addr()?;
        let store = Store::open(Path::new(":memory:"))?;
        // Pages link to these rooms before anybody has joined them.
        for name in ["tea", "front-page"] {
            if let Ok(room) = Room::named(name) {
                store.open_room(room, None).await?;
            }
        }
        let Chat { io, filter, tasks } = Chat::new(store, Options::default());
        // For as long as the book is served: nothing waits for its end, which is that of
        // the program.
        tokio::spawn(engine_io::run(
            listener,
            filter,
            ServeLimits::default(),
            std::future::pending(),
        ));
        Ok(Self {
            chat,
            io,
            hub: Hub::new(transports::Limits::default()),
            _tasks: tasks,
        })
    }

    /// The labs' files and servers. The chat's events are here too, under `/socket.io/`:
    /// what a page of the book says there is heard in the chat's own pages.
    pub(crate) fn filter(&self, house: &House) -> BoxedFilter<(Response,)> {
        let files = warp::fs::dir(house.book.join("labs"));
        let client = warp::path!("socket.io.js")
            .and(warp::fs::file(house.root.join("chat-app/web/socket.io.js")));
        // The page of 2013 as it was, apart from its client, which is a small one of ours.
        let then =
            warp::path("2013").and(warp::fs::dir(house.root.join("chat-app/web/2013")));
        let chat = json!({ "url": format!("http://{}", self.chat) });
        let chat = warp::path!("chat").map(move || warp::reply::json(&chat));
        let places = Arc::new(Semaphore::new(MAX_PAGES));
        let frames = driven("frames", &places, frames::lab);
        let session = driven("session", &places, session::lab);
        let cluster = driven("cluster", &places, cluster::lab);
        let transports = warp::path("transports")
            .and(transports::routes(&self.hub, Refused::default()));
        let old = heritage::filter(self.io.engine(), heritage::Config::default());
        let events = old.or(self.io.filter()).unify();
        warp::path(MOUNT)
            .and(
                frames
                    .or(session)
                    .unify()
                    .or(cluster)
                    .unify()
                    .or(transports)
                    .unify()
                    .or(chat.map(Reply::into_response))
                    .unify()
                    .or(warp::get()
                        .and(client.or(files).or(then))
                        .with(fresh())
                        .map(Reply::into_response))
                    .unify(),
            )
            .or(events)
            .unify()
            .boxed()
    }
}

/// A lab that has a server for each page, which lives as long as the WebSocket over which
/// the page drives it.
fn driven<L, F>(
    name: &'static str,
    places: &Arc<Semaphore>,
    lab: L,
) -> BoxedFilter<(Response,)>
where
    L: Fn(Page) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let places = places.clone();
    warp::path(name)
        .and(warp::path::end())
        .and(warp::header("origin"))
        .and(warp::header("host"))
        .and(warp::ws())
        .map(move |origin: String, host: String, upgrade: Ws| {
            // Any page on the web can open a WebSocket to this machine; only the book's
            // may have a server here.
            if !is_same_origin(&origin, &host) {
                return StatusCode::FORBIDDEN.into_response();
            }
            let Ok(place) = places.clone().try_acquire_owned() else {
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            };
            let lab = lab.clone();
            upgrade
                .max_message_size(4096)
                .on_upgrade(async move |socket| {
                    page::drive(socket, origin, lab).await;
                    drop(place);
                })
                .into_response()
        })
        .boxed()
}

/// Makes a browser ask each time whether a file has changed: tomorrow's pages must not run
/// today's scripts.
pub(crate) fn fresh() -> WithHeader {
    warp::reply::with::header("cache-control", "no-cache")
}
