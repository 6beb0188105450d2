//! The server as a service and as a layer, below our own accept loop.

use std::convert::Infallible;
use std::future::{Ready, pending, ready};
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use engine_io::{Peer, RequestBody, ServeLimits, tower};
use http::{Request, Response, StatusCode};
use http_body_util::{Empty, Full};
use hyper::body::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower_layer::Layer;
use tower_service::Service;

use crate::support::{self, calm, echo, get, polls_and_moves, read_response, soon};

/// Answers everything with the path, and the client's address.
#[derive(Clone)]
struct Pages;

impl Service<Request<RequestBody>> for Pages {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let peer = request.extensions().get::<Peer>();
        let address = peer.and_then(Peer::remote_addr).map(|address| address.ip());
        let page = format!("{} for {address:?}", request.uri().path());
        ready(Ok(Response::new(page.into())))
    }
}

async fn layered(limits: ServeLimits) -> (SocketAddr, engine_io::Server) {
    let (server, ..) = echo(calm());
    let service = tower::layer(&server).layer(Pages);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(tower::serve(listener, service, limits, pending()));
    (address, server)
}

async fn page(address: SocketAddr, path: &str) -> support::Response {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    read_response(&mut stream).await
}

#[tokio::test]
async fn a_layer_answers_for_the_server_and_passes_the_rest_on() {
    let (address, _server) = layered(ServeLimits::default()).await;
    polls_and_moves(address).await;
    let body = "/engine.iox for Some(127.0.0.1)";
    assert_eq!(page(address, "/engine.iox").await.body, body);
    assert_eq!(page(address, "/engine.io/x").await.status, 400);
}

#[tokio::test]
async fn the_limits_of_the_accept_loop_hold_for_every_service() {
    let (address, _) = layered(ServeLimits {
        header_timeout: Duration::from_millis(200),
        max_head: 8 << 10,
        ..ServeLimits::default()
    })
    .await;
    assert_eq!(
        page(address, "x").await.status,
        400,
        "a target without a path"
    );
    let long = format!("/{}", "x".repeat(9000));
    assert!([414, 431].contains(&page(address, &long).await.status));
    let mut idle = TcpStream::connect(address).await.unwrap();
    let mut all = Vec::new();
    let end = idle.read_to_end(&mut all);
    soon("the end of an idle connection", end).await.unwrap();
}

#[tokio::test]
async fn a_service_answers_whatever_the_path() {
    let (server, ..) = echo(calm());
    let owner = Arc::new(());
    let mut service = tower::service(&server).keeping(owner.clone());
    let request = |uri: &str| {
        Request::get(uri)
            .header("host", "x")
            .body(Empty::<Bytes>::new())
    };
    let request = request("http://x/anything?EIO=4&transport=polling").unwrap();
    let response = service.call(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(server.session_count(), 1);
    assert_eq!(Arc::strong_count(&owner), 2);
    drop(service);
    assert_eq!(Arc::strong_count(&owner), 1);
}

#[tokio::test]
async fn the_client_s_address_comes_from_the_extensions() {
    let (server, mut opened, _) = echo(calm());
    let mut service = tower::service(&server)
        .into_layer()
        .layer(tower::service(&server));
    let mut request = Request::get("/engine.io/?EIO=4&transport=polling")
        .body(Empty::<Bytes>::new())
        .unwrap();
    request
        .extensions_mut()
        .insert(Peer::new(([10, 0, 0, 7], 1), true));
    service.call(request).await.unwrap();
    let session = soon("a session", opened.recv()).await.unwrap();
    assert_eq!(
        session.handshake().remote_addr,
        Some(([10, 0, 0, 7], 1).into())
    );
    assert!(session.handshake().secure);
}

#[tokio::test]
async fn a_filter_and_a_service_serve_the_same_sessions() {
    let (address, server) = layered(ServeLimits::default()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = listener.local_addr().unwrap();
    let filter = engine_io::filter(&server);
    tokio::spawn(engine_io::run(
        listener,
        filter,
        ServeLimits::default(),
        pending(),
    ));
    let open = get(address, "EIO=4&transport=polling").await;
    let open: serde_json::Value = serde_json::from_str(&open.body[1..]).unwrap();
    let session = format!(
        "EIO=4&transport=polling&sid={}",
        open["sid"].as_str().unwrap()
    );
    assert_eq!(support::post(address, &session, b"4hello").await.body, "ok");
    assert_eq!(get(other, &session).await.body, "4hello");
}
