//! The talk's chat: rooms, nicknames and messages over Socket.IO, kept in SQLite, served
//! by warp.
//!
//! Each module has one part of it: [`chat`] the events, [`names`] what people may type,
//! [`store`] what is kept, [`presence`] who is there, [`pages`] what a browser is shown,
//! [`html`] how it is kept harmless. [`log`], [`memory`] and [`tasks`] are what a program
//! needs that is to run for months.

pub mod chat;
pub mod html;
pub mod log;
pub mod memory;
pub mod names;
pub mod pages;
pub mod presence;
pub mod store;
pub mod tasks;

use bytes::Bytes;
use engine_io::Transports;
use socket_io::{Config, Io, Recovery};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use crate::store::Store;
use crate::tasks::Tasks;

/// The whole application.
pub struct Chat {
    /// The Socket.IO server, to end it with.
    pub io: Io,
    /// Serves events and pages.
    pub filter: BoxedFilter<(Response,)>,
    /// What runs beside them, to be ended after the server.
    pub tasks: Tasks,
}

impl Chat {
    /// Puts the chat together.
    ///
    /// `client` is a Socket.IO client script for the page, in place of the project's own.
    pub fn new(store: Store, transports: Transports, client: Option<Bytes>) -> Self {
        let tasks = Tasks::default();
        let (io, filter) = build(store, transports, client, &tasks);
        Self { io, filter, tasks }
    }
}

/// [`Chat::new`] for a program that ends without ceremony: the tasks end with the
/// runtime.
pub fn app(
    store: Store,
    transports: Transports,
    client: Option<Bytes>,
) -> (Io, BoxedFilter<(Response,)>) {
    let Chat { io, filter, .. } = Chat::new(store, transports, client);
    (io, filter)
}

// ANCHOR: app
fn build(
    store: Store,
    transports: Transports,
    client: Option<Bytes>,
    tasks: &Tasks,
) -> (Io, BoxedFilter<(Response,)>) {
    let recovery = Recovery::default();
    let mut config = Config {
        recovery: Some(recovery),
        ..Config::default()
    };
    config.engine.transports = transports;
    let io = Io::new(config);
    chat::chat(&io, store.clone(), recovery.max_disconnection, tasks);
    let filter = io
        .filter()
        .or(pages::pages(store, transports, client))
        .unify()
        .boxed();
    (io, filter)
}
// ANCHOR_END: app
