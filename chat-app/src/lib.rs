//! The talk's chat: rooms, nicknames and messages over Socket.IO, kept in SQLite, served
//! by warp.
//!
//! Each module has one part of it: [`chat`] the events, [`names`] what people may type,
//! [`limits`] how much of it, [`presence`] who is there, [`store`] what is kept,
//! [`cluster`] what other servers know of it,
//! [`directory`] and [`lobby`] the list of rooms, [`pages`] what a browser is shown,
//! [`html`] how it is kept harmless, [`ops`], [`admin`] and [`doctor`] what
//! an operator sees. [`log`],
//! [`memory`] and [`tasks`] are for a program that runs for months.

pub mod admin;
pub mod chat;
pub mod cluster;
pub mod directory;
pub mod doctor;
pub mod html;
pub mod limits;
pub mod lobby;
pub mod log;
pub mod memory;
pub mod names;
pub mod ops;
pub mod pages;
pub mod presence;
pub mod store;
pub mod tasks;
mod then;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine_io::Transports;
use metrics_exporter_prometheus::PrometheusHandle;
use socket_io::{Config, Io, Recovery};
use tokio::time::{MissedTickBehavior, interval};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use crate::cluster::Meeting;
use crate::limits::{Limiter, Limits, at_most};
use crate::presence::{Presence, Timing};
use crate::store::Store;
use crate::tasks::Tasks;
use crate::watch::Watch;

/// How a chat is set up.
#[derive(Clone)]
pub struct Options {
    /// The transports that clients may use.
    pub transports: Transports,
    /// A Socket.IO client script for the page, in place of the project's own.
    pub client: Option<Bytes>,
    /// How much one person, and one address, may do.
    pub limits: Limits,
    /// When a room is told who is there.
    pub timing: Timing,
    /// How long an empty room without a message is kept.
    pub silent: Duration,
    /// How often to look for rooms and messages of other servers.
    pub refresh: Duration,
    /// The other servers of the chat.
    pub cluster: Meeting,
    /// Under which names browsers know this server; see
    /// [`public_hosts`](engine_io::Config::public_hosts).
    pub public_hosts: Vec<String>,
    /// The address of the chat as people see it, without a path, for pictures in previews
    /// of links.
    pub public_url: Option<String>,
    /// How many proxies stand in front of it.
    pub trusted_proxies: usize,
    /// Opens `/admin`, and limits `/metrics` to those who know the token.
    pub admin_token: Option<String>,
    /// What `/metrics` shows: [`ops::record`].
    pub metrics: Option<PrometheusHandle>,
    /// Lets clients of Socket.IO 0.9, 1 and 2 in.
    pub heritage: bool,
    /// The client script of Socket.IO 0.9, for the page of the talk under `/2013`.
    pub heritage_client: Option<Bytes>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            transports: Transports::ALL,
            client: None,
            limits: Limits::default(),
            timing: Timing::default(),
            silent: Duration::from_secs(600),
            refresh: Duration::from_secs(1),
            cluster: Meeting::default(),
            public_hosts: Vec::new(),
            public_url: None,
            trusted_proxies: 0,
            admin_token: None,
            metrics: None,
            heritage: false,
            heritage_client: None,
        }
    }
}

/// The whole application.
pub struct Chat {
    /// The Socket.IO server, to end it with.
    pub io: Io,
    /// Serves events and pages.
    pub filter: BoxedFilter<(Response,)>,
    /// The background tasks, to be ended after the server.
    pub tasks: Tasks,
}

// ANCHOR: app
impl Chat {
    /// Puts the chat together.
    pub fn new(store: Store, options: Options) -> Self {
        let tasks = Tasks::default();
        let recovery = Recovery::default();
        let Meeting { cluster, adapters } = options.cluster;
        let mut config = Config {
            recovery: Some(recovery),
            adapters,
            ..Config::default()
        };
        config.engine.transports = options.transports;
        config.engine.public_hosts = options.public_hosts;
        config.engine.trusted_proxies = options.trusted_proxies;
        config.engine.max_sessions_per_address =
            at_most(options.limits.connections_per_address);
        let io = Io::new(config);
        let (presence, limiter) = if cluster.is_shared() {
            store.share();
            (Presence::new(true), Limiter::shared(options.limits))
        } else {
            (Presence::default(), Limiter::new(options.limits))
        };
        let shared = Arc::new(chat::Chat {
            store,
            presence,
            limiter,
            cluster,
            timing: options.timing,
            keep: recovery.max_disconnection,
            tasks: tasks.clone(),
            watch: Watch::new(options.admin_token.is_some()),
        });
        chat::chat(&io, &shared);
        lobby::lobby(&io, &shared);
        if let Some(token) = options.admin_token.clone() {
            admin::admin(&io, &shared, token);
        }
        tasks.spawn(keep_house(shared.clone(), options.silent));
        let of = shared.clone();
        tasks.spawn(async move { of.cluster.run(&of.presence).await });
        let store = shared.store.clone();
        tasks.spawn(async move { store.follow(options.refresh).await });
        let url = options.public_url.as_deref();
        let filter = io
            .filter()
            .or(ops::ops(&io, &shared, options.metrics, options.admin_token))
            .unify()
            .or(pages::pages(
                shared,
                io.engine().config(),
                options.client,
                url,
            ))
            .unify()
            .boxed();
        let filter = if options.heritage {
            with_heritage(&io, options.heritage_client, filter)
        } else {
            filter
        };
        Self { io, filter, tasks }
    }
}
// ANCHOR_END: app

// ANCHOR: heritage
/// Puts the gateway for clients of old times in front, and the page of the talk.
fn with_heritage(
    io: &Io,
    client: Option<Bytes>,
    filter: BoxedFilter<(Response,)>,
) -> BoxedFilter<(Response,)> {
    let old = heritage::filter(io.engine(), heritage::Config::default());
    let filter = old.or(filter).unify().boxed();
    match client {
        Some(client) => then::page(client).or(filter).unify().boxed(),
        None => filter,
    }
}
// ANCHOR_END: heritage

/// Deletes old messages and silent rooms, and forgets full buckets.
async fn keep_house(chat: Arc<chat::Chat>, silent: Duration) {
    let mut tick = interval(Limiter::TIDY.min(silent.max(Duration::from_millis(10))));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        chat.limiter.tidy();
        let occupied = chat.presence.occupied();
        if let Err(error) = chat.store.prune(&occupied, silent).await {
            tracing::debug!(%error, "nothing was tidied up");
        }
    }
}
