//! Whatever is sent to the server as a request, no task panics (libfuzzer ends the
//! process when one does), and a response comes or the connection ends.
#![no_main]

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use engine_io::{
    Application, CloseReason, Config, EncodedMessage, Message, Receiver, ServeLimits,
    Server, Session,
};
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use warp::Filter;

struct Echo;
struct EchoSession(Session);

impl Application for Echo {
    fn open(&self, session: Session) -> Arc<dyn Receiver> {
        Arc::new(EchoSession(session))
    }
}

impl Receiver for EchoSession {
    fn message(&self, message: Message<'_>) {
        if let Message::Text(text) = message {
            let _ = self.0.send(&EncodedMessage::text(text));
        }
    }

    fn close(&self, _: CloseReason) {}
}

static SERVER: LazyLock<(Runtime, SocketAddr)> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let address = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its number");
        let config = Config {
            // A request that opens a session must not leave it behind for long.
            ping_interval: Duration::from_millis(50),
            ping_timeout: Duration::from_millis(50),
            ..Config::default()
        };
        let page = warp::path!("room" / String)
            .and(warp::path::full())
            .map(|room: String, _| room);
        let filter = engine_io::filter(&Server::new(config, Echo)).or(page);
        let limits = ServeLimits {
            header_timeout: Duration::from_millis(200),
            ..ServeLimits::default()
        };
        tokio::spawn(engine_io::run(
            listener,
            filter,
            limits,
            std::future::pending(),
        ));
        address
    });
    (runtime, address)
});

fuzz_target!(|bytes: &[u8]| {
    let (runtime, address) = &*SERVER;
    runtime.block_on(async {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        tokio::time::timeout(Duration::from_secs(20), read)
            .await
            .expect("a response, or the end of the connection")
            .ok();
        if !answer.is_empty() {
            // A request of HTTP/1.0 is answered in kind.
            assert!(answer.starts_with(b"HTTP/1."), "{answer:?}");
        }
    });
});
