//! A Unix-domain socket below the accept loop, as behind a proxy on the same machine.
#![cfg(unix)]

use std::future::pending;

use engine_io::{Config, ServeLimits};
use tokio::io::AsyncWriteExt;
use tokio::net::{UnixListener, UnixStream};
use tokio_tungstenite::client_async;

use crate::support::{Client, calm, echo, read_response, soon};

#[tokio::test]
async fn sessions_over_a_unix_socket_poll_and_use_a_websocket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("engine.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let (server, mut opened, _) = echo(Config {
        trusted_proxies: 1,
        ..calm()
    });
    let filter = engine_io::filter(&server);
    let limits = ServeLimits::default();
    tokio::spawn(engine_io::run(listener, filter, limits, pending()));

    let mut stream = UnixStream::connect(&path).await.unwrap();
    let request = "GET /engine.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\
                   X-Forwarded-For: 10.1.2.3\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    assert_eq!(read_response(&mut stream).await.status, 200);
    let session = soon("a session", opened.recv()).await.unwrap();
    let address = session.handshake().remote_addr.unwrap();
    assert_eq!(address.ip().to_string(), "10.1.2.3");
    assert!(session.handshake().secure);

    let url = "ws://x/engine.io/?EIO=4&transport=websocket";
    let stream = UnixStream::connect(&path).await.unwrap();
    let socket = soon("an upgrade", client_async(url, stream))
        .await
        .unwrap()
        .0;
    let mut client = Client(socket);
    assert!(client.text().await.starts_with("0{"));
    client.send("4hello").await;
    assert_eq!(client.text().await, "4hello");
    let session = soon("a session", opened.recv()).await.unwrap();
    assert_eq!(
        session.handshake().remote_addr,
        None,
        "no proxy has named it"
    );
    assert!(!session.handshake().secure);
}
