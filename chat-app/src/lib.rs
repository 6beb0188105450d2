//! The talk's chat: rooms, nicknames and messages over Socket.IO, kept in SQLite, served
//! by warp.
//!
//! Each module has one part of it: [`chat`] the events, [`names`] what people may type,
//! [`store`] what is kept, [`presence`] who is there, [`pages`] what a browser is shown,
//! [`html`] how it is kept harmless.

pub mod chat;
pub mod html;
pub mod names;
pub mod pages;
pub mod presence;
pub mod store;

use bytes::Bytes;
use engine_io::Transports;
use socket_io::{Config, Io, Recovery};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use crate::store::Store;

/// The whole application: the Socket.IO server, to end it with, and the filter that
/// serves events and pages.
///
/// `client` is a Socket.IO client script for the page, in place of the project's own.
// ANCHOR: app
pub fn app(
    store: Store,
    transports: Transports,
    client: Option<Bytes>,
) -> (Io, BoxedFilter<(Response,)>) {
    let recovery = Recovery::default();
    let mut config = Config {
        recovery: Some(recovery),
        ..Config::default()
    };
    config.engine.transports = transports;
    let io = Io::new(config);
    chat::chat(&io, store.clone(), recovery.max_disconnection);
    let filter = io
        .filter()
        .or(pages::pages(store, transports, client))
        .unify()
        .boxed();
    (io, filter)
}
// ANCHOR_END: app
