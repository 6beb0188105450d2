//! A real server with the gateway in front, and a client that says exactly what a test
//! wants to say.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::future::{Future, pending};
use std::net::SocketAddr;
use std::time::Duration;

use engine_io::ServeLimits;
use futures_util::{SinkExt, StreamExt};
use socket_io::{Args, Config, Io, Socket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};
use warp::Filter;

/// Longer than anything here should take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let Ok(value) = timeout(PATIENCE, future).await else {
        panic!("waited too long for {what}");
    };
    value
}

/// A chat of two events, without the talk's trimmings.
pub fn io(config: Config) -> Io {
    let io = Io::new(config);
    io.of("/", |socket| {
        socket.on("echo", async |socket: Socket, args: Args| {
            socket.emit("echo", args);
        });
    });
    io.of("/chat", |socket| {
        socket.on("join", async |socket: Socket, room: String| {
            socket.join(room).is_ok()
        });
        socket.on("say", async |socket: Socket, room: String, text: String| {
            socket.namespace().to(room).emit("said", text);
        });
        socket.on("out", async |socket: Socket| {
            tokio::task::spawn_blocking(move || socket.disconnect_all());
        });
    });
    io
}

pub struct TestServer {
    pub io: Io,
    pub address: SocketAddr,
}

pub async fn start(config: Config, heritage: heritage::Config) -> TestServer {
    start_within(config, heritage, ServeLimits::default()).await
}

pub async fn start_within(
    config: Config,
    heritage: heritage::Config,
    limits: ServeLimits,
) -> TestServer {
    let io = io(config);
    let routes = heritage::filter(io.engine(), heritage).or(io.filter());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it listens");
    tokio::spawn(engine_io::run(listener, routes, limits, pending()));
    TestServer { io, address }
}

pub async fn started() -> TestServer {
    start(Config::default(), heritage::Config::default()).await
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl TestServer {
    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address)
            .await
            .expect("the server accepts")
    }

    /// Sends a request with these header lines, and reads the response to its end.
    pub async fn request(
        &self,
        method: &str,
        path: &str,
        lines: &[&str],
        body: &[u8],
    ) -> Answer {
        let mut stream = self.connect().await;
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        head.push_str("Connection: close\r\n");
        for line in lines {
            head.push_str(line);
            head.push_str("\r\n");
        }
        let length = format!("Content-Length: {}\r\n\r\n", body.len());
        head.push_str(&length);
        stream
            .write_all(head.as_bytes())
            .await
            .expect("the server reads");
        stream.write_all(body).await.expect("the server reads");
        let mut bytes = Vec::new();
        soon(path, stream.read_to_end(&mut bytes))
            .await
            .expect("a response");
        let text = String::from_utf8_lossy(&bytes);
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).expect("a status");
        Answer {
            status: status.parse().expect("a number"),
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }

    /// Sends the first bytes of a body, and leaves.
    pub async fn half_a_body(&self, path: &str) {
        let mut stream = self.connect().await;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n3::/chat:"
        );
        let sent = stream.write_all(head.as_bytes()).await;
        sent.expect("the server reads");
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], b"").await
    }

    pub async fn post(&self, path: &str, body: &str) -> Answer {
        self.request("POST", path, &[], body.as_bytes()).await
    }

    /// A handshake of 0.9. Returns the session's id.
    pub async fn handshake(&self) -> String {
        let answer = self.get("/socket.io/1/?t=1").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let handshake = heritage::v09::Handshake::parse(&answer.body);
        handshake.expect("a handshake").sid
    }

    /// A session of 0.9 over xhr-polling that has joined `/chat`.
    pub async fn in_chat(&self) -> Polling<'_> {
        let sid = self.handshake().await;
        let polling = Polling {
            server: self,
            path: format!("/socket.io/1/xhr-polling/{sid}"),
            sid,
        };
        assert_eq!(polling.poll().await, "1::");
        assert_eq!(polling.send("1::/chat").await, "1");
        assert_eq!(polling.poll().await, "1::/chat");
        polling
    }

    pub async fn websocket(&self, path: &str) -> WebSocketStream<TcpStream> {
        let stream = self.connect().await;
        let url = format!("ws://{}{path}", self.address);
        let opened = soon(path, client_async(url, stream)).await;
        opened.expect("a WebSocket").0
    }
}

pub struct Polling<'a> {
    pub server: &'a TestServer,
    pub path: String,
    pub sid: String,
}

impl Polling<'_> {
    pub async fn poll(&self) -> String {
        self.server.get(&self.path).await.body
    }

    pub async fn send(&self, body: &str) -> String {
        self.server.post(&self.path, body).await.body
    }
}

/// The next text of a WebSocket, or `None` at its end.
pub async fn next(socket: &mut WebSocketStream<TcpStream>) -> Option<String> {
    loop {
        return match soon("a message", socket.next()).await {
            Some(Ok(Message::Text(text))) => Some(text.to_string()),
            Some(Ok(Message::Binary(bytes))) => Some(format!("binary {bytes:?}")),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            _ => None,
        };
    }
}

pub async fn say(socket: &mut WebSocketStream<TcpStream>, text: &str) {
    let sent = socket.send(Message::text(text)).await;
    sent.expect("the server reads");
}
