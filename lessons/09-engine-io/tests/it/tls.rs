//! TLS by rustls below the accept loop: the sessions are encrypted, and a client that does
//! not finish its handshake delays no other client.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use engine_io::ServeLimits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_tungstenite::client_async;

use crate::support::{Client, calm, echo, read_response, soon};

async fn start(
    limits: ServeLimits,
) -> (
    SocketAddr,
    CertificateDer<'static>,
    tokio::sync::mpsc::UnboundedReceiver<engine_io::Session>,
) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let certificate = made.cert.der().clone();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (server, opened, _) = echo(calm());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let listener = engine_io::with_handshake(listener, move |tcp| acceptor.accept(tcp));
    let filter = engine_io::filter(&server);
    tokio::spawn(engine_io::run(listener, filter, limits, pending()));
    (address, certificate, opened)
}

async fn connect(
    address: SocketAddr,
    root: &CertificateDer<'static>,
) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).unwrap();
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    soon("a handshake", connector.connect(name, tcp))
        .await
        .unwrap()
}

#[tokio::test]
async fn sessions_over_tls_poll_and_use_a_websocket() {
    let (address, root, mut opened) = start(ServeLimits::default()).await;
    let mut stream = connect(address, &root).await;
    let request = "GET /engine.io/?EIO=4&transport=polling HTTP/1.1\r\n\
                   Host: localhost\r\nOrigin: https://localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let response = read_response(&mut stream).await;
    assert_eq!(response.status, 200, "{response:?}");
    assert!(
        soon("a session", opened.recv())
            .await
            .unwrap()
            .handshake()
            .secure
    );

    let url = "ws://localhost/engine.io/?EIO=4&transport=websocket";
    let socket = Box::pin(client_async(url, connect(address, &root).await));
    let mut client = Client(soon("an upgrade", socket).await.unwrap().0);
    assert!(client.text().await.starts_with("0{"));
    client.send("4hello").await;
    assert_eq!(client.text().await, "4hello");
    let session = soon("a session", opened.recv()).await.unwrap();
    assert!(session.handshake().secure);
    assert!(session.handshake().remote_addr.is_some());
}

#[tokio::test]
async fn a_client_that_does_not_shake_hands_delays_nobody_and_is_given_up() {
    let (address, root, mut opened) = start(ServeLimits {
        header_timeout: Duration::from_millis(300),
        ..ServeLimits::default()
    })
    .await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    let mut rude = TcpStream::connect(address).await.unwrap();
    rude.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let url = "ws://localhost/engine.io/?EIO=4&transport=websocket";
    let socket = Box::pin(client_async(url, connect(address, &root).await));
    soon("an upgrade", socket).await.unwrap();
    soon("a session", opened.recv()).await.unwrap();
    let mut rest = Vec::new();
    // An end or a reset: either is one.
    let _ = soon("the end", silent.read_to_end(&mut rest)).await;
    assert!(rest.is_empty());
    let _ = soon("the end", rude.read_to_end(&mut rest)).await;
    assert!(!rest.starts_with(b"HTTP"));
}
