//! Mounted in axum: nested, as a layer, below `axum::serve`, and below our own loop.

use std::future::pending;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use engine_io::{Config, Peer, ServeLimits, tower};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::support::{self, calm, echo, polls_and_moves, read_response};

async fn listener() -> (SocketAddr, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (listener.local_addr().unwrap(), listener)
}

async fn page(address: SocketAddr, path: &str) -> support::Response {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    read_response(&mut stream).await
}

fn nested(config: Config) -> (engine_io::Server, Router) {
    let (server, ..) = echo(config);
    let router = Router::new()
        .route("/", get(async || "index"))
        .route(
            "/me",
            get(async |peer: Extension<Peer>| format!("{:?}", peer.remote_addr())),
        )
        .nest_service("/engine.io", tower::service(&server));
    (server, router)
}

#[tokio::test]
async fn nested_below_our_own_loop() {
    let (_server, router) = nested(calm());
    let (address, listener) = listener().await;
    tokio::spawn(tower::serve(
        listener,
        router,
        ServeLimits::default(),
        pending(),
    ));
    polls_and_moves(address).await;
    assert_eq!(page(address, "/").await.body, "index");
    assert!(
        page(address, "/me")
            .await
            .body
            .starts_with("Some(127.0.0.1:")
    );
    assert_eq!(page(address, "/other").await.status, 404);
}

#[tokio::test]
async fn a_layer_around_a_router() {
    let (server, ..) = echo(calm());
    let router = Router::new()
        .route("/", get(async || "index"))
        .layer(tower::layer(&server));
    let (address, listener) = listener().await;
    tokio::spawn(tower::serve(
        listener,
        router,
        ServeLimits::default(),
        pending(),
    ));
    polls_and_moves(address).await;
    assert_eq!(page(address, "/").await.body, "index");
    assert_eq!(page(address, "/other").await.status, 404);
}

/// What a program below `axum::serve` adds, so that the server knows its clients.
async fn name_the_peer(
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    request.extensions_mut().insert(Peer::new(address, false));
    next.run(request).await
}

#[tokio::test]
async fn nested_below_axum_serve() {
    let (_server, router) = nested(Config {
        max_sessions_per_address: 1,
        ..calm()
    });
    let router = router.layer(from_fn(name_the_peer));
    let (address, listener) = listener().await;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    polls_and_moves(address).await;
    // The first session lives until its WebSocket is seen to have gone.
    let one_more = async {
        while support::get(address, "EIO=4&transport=polling")
            .await
            .status
            != 200
        {}
    };
    support::soon("a place", one_more).await;
    let too_many = support::get(address, "EIO=4&transport=polling").await;
    assert_eq!(too_many.status, 429, "the limit for an address holds");
}
