//! The server as a [`warp::Filter`]: a thin adapter around [`respond`].

use std::convert::Infallible;
use std::net::SocketAddr;

use http::HeaderMap;
use hyper::upgrade::OnUpgrade;
use warp::filters::BoxedFilter;
use warp::path::FullPath;
use warp::{Filter, Reply};

use crate::config::Config;
use crate::peer::Peer;
use crate::request::{Request, forwarded_for};
use crate::respond::respond;
use crate::server::Server;

/// Mounts `server` under its path and everything below it. Other paths are rejected, so
/// that `.or(…)` can follow.
///
/// ```no_run
/// # async fn example(server: engine_io::Server, listener: tokio::net::TcpListener) -> std::io::Result<()> {
/// use engine_io::ServeLimits;
/// use warp::Filter;
///
/// let page = warp::path::end().map(|| warp::reply::html("<p>A page"));
/// let routes = engine_io::filter(&server).or(page);
/// engine_io::run(listener, routes, ServeLimits::default(), std::future::pending()).await
/// # }
/// ```
pub fn filter(server: &Server) -> BoxedFilter<(warp::reply::Response,)> {
    let paths = server.clone();
    let server = server.clone();
    warp::path::full()
        .and_then(move |full: FullPath| {
            let ours = paths.config().covers(full.as_str());
            async move {
                if ours {
                    Ok(())
                } else {
                    Err(warp::reject::not_found())
                }
            }
        })
        .untuple_one()
        .and(request())
        .and(warp::body::stream())
        .then(move |request, body| {
            let server = server.clone();
            async move { respond(&server, request, body).await.into_response() }
        })
        .boxed()
}

pub(crate) fn request() -> impl Filter<Extract = (Request,), Error = Infallible> + Clone {
    warp::method()
        .and(warp::path::full())
        .and(warp::query::raw().or(warp::any().map(String::new)).unify())
        .and(warp::header::headers_cloned())
        .and(warp::addr::remote())
        .and(warp::ext::optional::<Peer>())
        .and(warp::ext::optional::<OnUpgrade>())
        .map(
            |method,
             path: FullPath,
             query,
             headers,
             remote_addr: Option<SocketAddr>,
             peer: Option<Peer>,
             on_upgrade| Request {
                method,
                path: path.as_str().to_owned(),
                query,
                headers,
                // Below `warp::serve` warp alone knows the address.
                peer: peer.or_else(|| Some(Peer::new(remote_addr?, false))),
                on_upgrade,
            },
        )
}

/// Extracts the client's address as [`Handshake::remote_addr`] has it, for the pages next
/// to the sessions: a limit for each address then means the same client.
///
/// [`Handshake::remote_addr`]: crate::Handshake::remote_addr
///
/// ```
/// use warp::Filter;
///
/// let config = engine_io::Config { trusted_proxies: 1, ..Default::default() };
/// let whoami = warp::path!("whoami")
///     .and(engine_io::client_address(&config))
///     .map(|address: Option<std::net::SocketAddr>| format!("{address:?}"));
/// ```
pub fn client_address(
    config: &Config,
) -> impl Filter<Extract = (Option<SocketAddr>,), Error = Infallible> + Clone + use<> {
    let proxies = config.trusted_proxies;
    warp::header::headers_cloned()
        .and(warp::addr::remote())
        .and(warp::ext::optional::<Peer>())
        .map(
            move |headers: HeaderMap, remote: Option<SocketAddr>, peer: Option<Peer>| {
                forwarded_for(&headers, proxies)
                    .or(remote)
                    .or_else(|| peer?.remote_addr())
            },
        )
}
