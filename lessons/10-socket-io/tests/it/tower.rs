//! The server as a tower service and as a layer.

use std::future::pending;
use std::net::SocketAddr;

use engine_io::{ServeLimits, tower};
use socket_io::{Io, Socket};
use tokio::net::TcpListener;
use tower_layer::Layer;

use crate::support::{Client, calm};

fn echo() -> Io {
    let io = Io::new(calm());
    io.of("/", |socket| {
        socket.on("hi", async |_: Socket, name: String| name);
    });
    io
}

async fn listener() -> (SocketAddr, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (listener.local_addr().unwrap(), listener)
}

async fn answers(address: SocketAddr) {
    let mut client = Client::new(address).await;
    client.send(r#"21["hi","Ann"]"#).await;
    assert_eq!(client.packet().await, r#"31["Ann"]"#);
}

#[tokio::test]
async fn a_service_keeps_its_server_alive() {
    let service = echo().service();
    let (address, listener) = listener().await;
    tokio::spawn(tower::serve(
        listener,
        service,
        ServeLimits::default(),
        pending(),
    ));
    answers(address).await;
}

#[tokio::test]
async fn a_layer_keeps_its_server_alive() {
    // Around another server, with another path.
    let other = Io::new(socket_io::Config {
        engine: engine_io::Config::default(),
        ..calm()
    });
    let service = echo().layer().layer(other.service());
    let (address, listener) = listener().await;
    tokio::spawn(tower::serve(
        listener,
        service,
        ServeLimits::default(),
        pending(),
    ));
    answers(address).await;
    assert_eq!(other.engine().session_count(), 0);
}
