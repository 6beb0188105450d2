//! The routes on a socket, under an accept loop of our own, so that every write has a
//! deadline.

use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::patient::Patient;
use crate::{Hub, Refused, routes};

/// Serves [`routes`] on `listener` until it is dropped. HTTP connections end with it; a
/// WebSocket has a task of its own, which ends with its client or with the runtime.
pub async fn serve(listener: TcpListener, hub: Hub, refused: Refused) {
    let service = TowerToHyperService::new(warp::service(routes(&hub, refused)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(60));
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors: somebody has to leave first.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let io = TokioIo::new(Patient::new(stream, hub.clone()));
        let connection = http.serve_connection(io, service.clone()).with_upgrades();
        connections.spawn(async move {
            // A connection that breaks is its client's business.
            let _ = connection.await;
        });
        while connections.try_join_next().is_some() {}
    }
}
