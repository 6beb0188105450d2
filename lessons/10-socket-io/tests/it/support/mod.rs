//! A real server on a free port, and a client that says exactly the packets that a test
//! wants to say.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use engine_io::ServeLimits;
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use socket_io::{Config, Io};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::{WebSocketStream, client_async};

/// Longer than anything here should take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future)
        .await
        .unwrap_or_else(|_| panic!("waited too long for {what}"))
}

/// Asks again and again until it is so.
pub async fn until(what: &str, mut so: impl FnMut() -> bool) {
    soon(what, async {
        while !so() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

pub async fn serve(io: &Io) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(engine_io::run(
        listener,
        io.filter(),
        ServeLimits::default(),
        std::future::pending(),
    ));
    address
}

/// Heartbeats that a test does not meet.
pub fn calm() -> Config {
    let config = Config::default();
    let engine = engine_io::Config {
        ping_interval: Duration::from_secs(600),
        ping_timeout: Duration::from_secs(600),
        ..config.engine
    };
    Config { engine, ..config }
}

pub struct Client(pub WebSocketStream<TcpStream>);

impl Client {
    /// A connection, before any namespace.
    pub async fn open(address: SocketAddr) -> Self {
        let stream = soon("a connection", TcpStream::connect(address))
            .await
            .unwrap();
        // Two small writes in a row, as a packet and its attachment, would otherwise wait
        // for 40 ms.
        stream.set_nodelay(true).unwrap();
        let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
        let (socket, _) = soon("an upgrade", client_async(url, stream)).await.unwrap();
        let mut client = Self(socket);
        let Some(Frame::Text(open)) = client.frame().await else {
            panic!("no handshake")
        };
        assert!(open.starts_with('0'));
        client
    }

    /// A connection that has joined a namespace, with what the server said to it.
    pub async fn join(address: SocketAddr, namespace: &str, auth: &str) -> (Self, Value) {
        let mut client = Self::open(address).await;
        let said = client.connect(namespace, auth).await;
        (client, said)
    }

    /// One that has joined `/`.
    pub async fn new(address: SocketAddr) -> Self {
        Self::join(address, "/", "").await.0
    }

    pub async fn connect(&mut self, namespace: &str, auth: &str) -> Value {
        let prefix = if namespace == "/" {
            String::new()
        } else {
            format!("{namespace},")
        };
        self.send(&format!("0{prefix}{auth}")).await;
        let answer = self.packet().await;
        let data = answer
            .strip_prefix(&format!("0{prefix}"))
            .unwrap_or_else(|| panic!("{answer}"));
        serde_json::from_str(data).unwrap()
    }

    pub async fn send(&mut self, packet: &str) {
        self.0
            .send(Frame::text(format!("4{packet}")))
            .await
            .unwrap();
    }

    pub async fn send_binary(&mut self, bytes: &[u8]) {
        self.0.send(Frame::binary(bytes.to_vec())).await.unwrap();
    }

    pub async fn frame(&mut self) -> Option<Frame> {
        soon("a frame", self.0.next()).await?.ok()
    }

    /// The next Socket.IO packet, without its Engine.IO type.
    pub async fn packet(&mut self) -> String {
        match self.frame().await {
            Some(Frame::Text(text)) => text
                .strip_prefix('4')
                .unwrap_or_else(|| panic!("{text}"))
                .to_owned(),
            other => panic!("expected a packet, got {other:?}"),
        }
    }

    pub async fn binary(&mut self) -> Vec<u8> {
        match self.frame().await {
            Some(Frame::Binary(bytes)) => bytes.to_vec(),
            other => panic!("expected bytes, got {other:?}"),
        }
    }

    /// Reads to the end of the connection; what was said before it.
    pub async fn end(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        while let Some(frame) = self.frame().await {
            match frame {
                Frame::Text(text) => said.push(text.to_string()),
                Frame::Close(_) => break,
                _ => {}
            }
        }
        said
    }

    /// Leaves without a word.
    pub fn vanish(self) {
        drop(self);
    }
}
