//! What `run` refuses before any filter sees it, for every path that it serves.

use engine_io::{Application, Config, Receiver, Server, Session};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use warp::Filter;

use crate::support::{self, calm, read_response, soon, start};

struct Unused;

impl Application for Unused {
    fn open(&self, _: Session) -> std::sync::Arc<dyn Receiver> {
        unreachable!("no test here opens a session")
    }
}

/// A server with pages beside Engine.IO, as the chat has them.
async fn pages() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::new(Config::default(), Unused);
    let page = warp::path!("room" / String)
        .and(warp::query::raw().or(warp::any().map(String::new)).unify())
        .and(warp::path::full())
        .map(|room: String, _, _| warp::reply::html(room));
    let slow = warp::path("slow").then(|| async {
        // As long as a database may take.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        "here it is"
    });
    let pages = warp::path::end().map(|| "index").or(page).or(slow);
    let filter = engine_io::filter(&server).or(pages);
    tokio::spawn(engine_io::run(
        listener,
        filter,
        engine_io::ServeLimits::default(),
        std::future::pending(),
    ));
    address
}

async fn status(address: std::net::SocketAddr, request: &str) -> u16 {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    read_response(&mut stream).await.status
}

#[tokio::test]
async fn a_request_target_without_a_path_gets_400() {
    let address = pages().await;
    for line in [
        "GET x HTTP/1.1",
        "GET x HTTP/1.0",
        "GET ?x HTTP/1.1",
        "GET room HTTP/1.1",
        "CONNECT a:1 HTTP/1.1",
        "CONNECT / HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "GET a:1 HTTP/1.1",
    ] {
        let request = format!("{line}\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert_eq!(status(address, &request).await, 400, "{line}");
    }
    for line in [
        "GET / HTTP/1.1",
        "GET http://x/ HTTP/1.1",
        "GET /room/tea HTTP/1.1",
    ] {
        let request = format!("{line}\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert_eq!(status(address, &request).await, 200, "{line}");
    }
}

#[tokio::test]
async fn a_header_that_decides_about_security_is_there_exactly_once() {
    let address = pages().await;
    for (status_wanted, version, headers) in [
        (400, "1.1", ""),
        (400, "1.1", "Host: x\r\nHost: x\r\n"),
        (400, "1.1", "Host: x\r\nHost: evil.example\r\n"),
        (400, "1.1", "Host: a b\r\n"),
        (400, "1.1", "Host: user@x\r\n"),
        (
            400,
            "1.1",
            "Host: x\r\nOrigin: http://x\r\nOrigin: http://y\r\n",
        ),
        (400, "1.0", "Host: x\r\nHost: y\r\n"),
        (200, "1.0", ""),
        (200, "1.1", "Host: x\r\n"),
        (200, "1.1", "Host: [::1]:5000\r\nOrigin: http://x\r\n"),
    ] {
        let request =
            format!("GET / HTTP/{version}\r\n{headers}Connection: close\r\n\r\n");
        assert_eq!(status(address, &request).await, status_wanted, "{request}");
    }
}

#[tokio::test]
async fn a_client_that_has_said_all_gets_its_answer() {
    let address = pages().await;
    for _ in 0..10 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n";
        stream.write_all(request).await.unwrap();
        stream.shutdown().await.unwrap();
        let response = read_response(&mut stream).await;
        assert_eq!(
            (response.status, response.body.as_str()),
            (200, "here it is")
        );
    }
}

#[tokio::test]
async fn a_client_that_has_sent_its_body_and_said_all_gets_its_answer() {
    let mut server = start(calm()).await;
    let sid = server.open().await;
    for split in [false, true] {
        for _ in 0..20 {
            let mut stream = server.connect().await;
            let head = format!(
                "POST /engine.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: x\r\n\
                 Content-Length: 6\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            if split {
                // The request waits for its body first.
                tokio::task::yield_now().await;
            }
            stream.write_all(b"4hello").await.unwrap();
            stream.shutdown().await.unwrap();
            let response = read_response(&mut stream).await;
            assert_eq!((response.status, response.body.as_str()), (200, "ok"));
        }
    }
}

#[tokio::test]
async fn a_client_that_goes_while_its_poll_waits_is_noticed_at_once() {
    let mut server = start(calm()).await;
    let sid = server.open().await;
    let mut stream = server.connect().await;
    let head = format!(
        "GET /engine.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: x\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    drop(stream);
    assert_eq!(
        server.closed().await,
        engine_io::CloseReason::TransportClose
    );
}

#[tokio::test]
async fn an_idle_connection_ends() {
    let server = support::start_with(
        calm(),
        engine_io::ServeLimits {
            header_timeout: std::time::Duration::from_millis(200),
            ..engine_io::ServeLimits::default()
        },
    )
    .await;
    let mut stream = server.connect().await;
    let request = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut all = Vec::new();
    soon("the end of a connection", stream.read_to_end(&mut all))
        .await
        .unwrap();
    assert!(all.starts_with(b"HTTP/1.1 404"));
    start(calm()).await.still_serves().await;
}
