//! A real server on a free port, and clients that say exactly what a test wants to say.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use engine_io::{
    Application, CloseReason, Config, EncodedMessage, Message, Receiver, ServeLimits,
    Server, Session,
};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{self};
use tokio_tungstenite::{WebSocketStream, client_async};
pub use tungstenite::Message as Frame;

/// Longer than anything here should take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future)
        .await
        .unwrap_or_else(|_| panic!("waited too long for {what}"))
}

/// Sends every message back. `flood N` is answered with N messages of 1,000 bytes.
struct Echo {
    opened: mpsc::UnboundedSender<Session>,
    closed: mpsc::UnboundedSender<CloseReason>,
}

struct EchoSession {
    session: Session,
    closed: mpsc::UnboundedSender<CloseReason>,
}

impl Application for Echo {
    fn open(&self, session: Session) -> Arc<dyn Receiver> {
        let _ = self.opened.send(session.clone());
        Arc::new(EchoSession {
            session,
            closed: self.closed.clone(),
        })
    }
}

impl Receiver for EchoSession {
    fn message(&self, message: Message<'_>) {
        let echo = match message {
            Message::Text(text) => EncodedMessage::text(text),
            Message::Binary(bytes) => EncodedMessage::binary(&bytes),
        };
        let _ = self.session.send(&echo);
    }

    fn close(&self, reason: CloseReason) {
        let _ = self.closed.send(reason);
    }
}

pub struct TestServer {
    pub address: SocketAddr,
    pub server: Server,
    opened: mpsc::UnboundedReceiver<Session>,
    closed: mpsc::UnboundedReceiver<CloseReason>,
    pub stop: Option<oneshot::Sender<()>>,
    pub stopped: tokio::task::JoinHandle<std::io::Result<()>>,
}

/// Heartbeats that a test does not meet.
pub fn calm() -> Config {
    Config {
        ping_interval: Duration::from_secs(60),
        ping_timeout: Duration::from_secs(60),
        ..Config::default()
    }
}

pub async fn start(config: Config) -> TestServer {
    start_with(config, ServeLimits::default()).await
}

/// A server that sends every message back, and its sessions as they open and close.
pub fn echo(
    config: Config,
) -> (
    Server,
    mpsc::UnboundedReceiver<Session>,
    mpsc::UnboundedReceiver<CloseReason>,
) {
    let (opened_sender, opened) = mpsc::unbounded_channel();
    let (closed_sender, closed) = mpsc::unbounded_channel();
    let echo = Echo {
        opened: opened_sender,
        closed: closed_sender,
    };
    (Server::new(config, echo), opened, closed)
}

pub async fn start_with(config: Config, limits: ServeLimits) -> TestServer {
    let (server, opened, closed) = echo(config);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopping) = oneshot::channel();
    let filter = engine_io::filter(&server);
    let stopped = tokio::spawn(engine_io::run(listener, filter, limits, async {
        let _ = stopping.await;
    }));
    TestServer {
        address,
        server,
        opened,
        closed,
        stop: Some(stop),
        stopped,
    }
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

impl TestServer {
    pub async fn connect(&self) -> TcpStream {
        soon("a connection", TcpStream::connect(self.address))
            .await
            .unwrap()
    }

    /// Sends a whole request on a connection of its own and reads the answer to its end.
    pub async fn raw(&self, request: &[u8]) -> Response {
        let mut stream = self.connect().await;
        stream.write_all(request).await.unwrap();
        read_response(&mut stream).await
    }

    pub async fn request(
        &self,
        method: &str,
        query: &str,
        headers: &str,
        body: &[u8],
    ) -> Response {
        let mut request = format!(
            "{method} /engine.io/?{query} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
            self.address,
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        self.raw(&request).await
    }

    pub async fn get(&self, query: &str) -> Response {
        self.request("GET", query, "", b"").await
    }

    pub async fn poll(&self, sid: &str) -> Response {
        self.get(&format!("EIO=4&transport=polling&sid={sid}"))
            .await
    }

    pub async fn post(&self, sid: &str, body: impl AsRef<[u8]>) -> Response {
        self.request(
            "POST",
            &format!("EIO=4&transport=polling&sid={sid}"),
            "",
            body.as_ref(),
        )
        .await
    }

    /// Opens a session by polling.
    pub async fn open(&mut self) -> String {
        let response = self.get("EIO=4&transport=polling").await;
        assert_eq!(response.status, 200, "{response:?}");
        let open: serde_json::Value =
            serde_json::from_str(response.body.strip_prefix('0').unwrap()).unwrap();
        open["sid"].as_str().unwrap().to_owned()
    }

    /// A WebSocket, with extra headers.
    pub async fn upgrade(
        &self,
        query: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<WebSocketStream<TcpStream>, tungstenite::Error> {
        let url = format!("ws://{}/engine.io/?{query}", self.address);
        let mut request = url.into_client_request()?;
        for (name, value) in headers {
            request
                .headers_mut()
                .insert(*name, HeaderValue::from_str(value).unwrap());
        }
        soon("an upgrade", client_async(request, self.connect().await))
            .await
            .map(|(socket, _)| socket)
    }

    /// A session by WebSocket, past its handshake.
    pub async fn websocket(&self) -> Client {
        let mut client = Client(
            self.upgrade("EIO=4&transport=websocket", &[])
                .await
                .unwrap(),
        );
        assert!(client.text().await.starts_with("0{"));
        client
    }

    /// A WebSocket for a session that polls.
    pub async fn probe(&self, sid: &str) -> Client {
        Client(
            self.upgrade(&format!("EIO=4&transport=websocket&sid={sid}"), &[])
                .await
                .unwrap(),
        )
    }

    pub async fn opened(&mut self) -> Session {
        soon("a session", self.opened.recv()).await.unwrap()
    }

    pub async fn closed(&mut self) -> CloseReason {
        soon("the end of a session", self.closed.recv())
            .await
            .unwrap()
    }

    /// Somebody else is served as ever.
    pub async fn still_serves(&self) {
        let mut client = self.websocket().await;
        client.send("4are you there?").await;
        assert_eq!(client.text().await, "4are you there?");
        client.0.close(None).await.unwrap();
    }

    /// Nothing is left behind.
    pub async fn empties(&self) {
        soon("the table to be empty", async {
            while self.server.session_count() > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

pub async fn read_response(stream: &mut (impl AsyncRead + Unpin)) -> Response {
    let mut bytes = Vec::new();
    // A connection that is reset after its answer has answered.
    let _ = soon("a response", stream.read_to_end(&mut bytes)).await;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    Response {
        status,
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

/// Sends a request and reads the head of its answer.
pub async fn head(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon("a head", stream.read_u8()).await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

pub struct Client<S = TcpStream>(pub WebSocketStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub async fn send(&mut self, text: &str) {
        self.0.send(Frame::text(text)).await.unwrap();
    }

    /// Sends bytes as they are, behind the codec's back.
    pub async fn send_raw(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).await.unwrap();
    }

    pub async fn next(&mut self) -> Option<Result<Frame, tungstenite::Error>> {
        soon("a frame", self.0.next()).await
    }

    pub async fn text(&mut self) -> String {
        match self.next().await {
            Some(Ok(Frame::Text(text))) => text.to_string(),
            other => panic!("expected text, got {other:?}"),
        }
    }

    /// Reads to the end. The close code, if one was sent.
    pub async fn end(&mut self) -> Option<u16> {
        let mut code = None;
        loop {
            match self.next().await {
                Some(Ok(Frame::Close(frame))) => {
                    code = frame.map(|frame| frame.code.into());
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return code,
            }
        }
    }
}

/// Opens a session by polling, has a message sent back, moves to a WebSocket, and has
/// another one sent back there: all that a server below must pass on.
pub async fn polls_and_moves(address: SocketAddr) {
    const POLLING: &str = "EIO=4&transport=polling";
    let open = get(address, POLLING).await;
    let data: serde_json::Value =
        serde_json::from_str(&open.body[1..]).unwrap_or_else(|_| panic!("{open:?}"));
    let sid = data["sid"].as_str().unwrap();
    let session = format!("{POLLING}&sid={sid}");
    assert_eq!(post(address, &session, b"4over HTTP").await.body, "ok");
    assert_eq!(get(address, &session).await.body, "4over HTTP");
    let query = format!("EIO=4&transport=websocket&sid={sid}");
    let mut socket = client(address, &query).await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    socket.send("5").await;
    socket.send("4over WebSocket").await;
    assert_eq!(socket.text().await, "4over WebSocket");
}

async fn exchange(
    address: SocketAddr,
    method: &str,
    query: &str,
    body: &[u8],
) -> Response {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "{method} /engine.io/?{query} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    read_response(&mut stream).await
}

/// For servers that are not a [`TestServer`].
pub async fn get(address: SocketAddr, query: &str) -> Response {
    exchange(address, "GET", query, b"").await
}

pub async fn post(address: SocketAddr, query: &str, body: &[u8]) -> Response {
    exchange(address, "POST", query, body).await
}

pub async fn client(address: SocketAddr, query: &str) -> Client {
    let request = format!("ws://{address}/engine.io/?{query}");
    let stream = TcpStream::connect(address).await.unwrap();
    Client(
        soon("an upgrade", client_async(request, stream))
            .await
            .unwrap()
            .0,
    )
}
