//! The routes on a socket. We accept connections ourselves, so that every write can have
//! a deadline.

use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::patient::Patient;
use crate::{Hub, Refused, routes};

/// Serves [`routes`] on `listener` until this future is dropped, which also ends its HTTP
/// connections. A WebSocket has its own task, which ends with its client or with the
/// runtime.
pub async fn serve(listener: TcpListener, hub: Hub, refused: Refused) {
    let service = TowerToHyperService::new(warp::service(routes(&hub, refused)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(60));
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors: another connection has to end first.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let io = TokioIo::new(Patient::new(stream, hub.clone()));
        let connection = http.serve_connection(io, service.clone()).with_upgrades();
        connections.spawn(async move {
            // If a connection breaks, there is no one left to tell.
            let _ = connection.await;
        });
        while connections.try_join_next().is_some() {}
    }
}
