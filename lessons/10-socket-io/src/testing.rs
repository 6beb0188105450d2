//! Clients in memory, for an application's own tests (cargo feature `test-client`). They
//! need no port and no other process, and with tokio's paused clock they do not wait.
//!
//! ```
//! use socket_io::testing::TestClient;
//! use socket_io::{Io, Socket};
//!
//! /// The application.
//! fn chat() -> Io {
//!     let io = Io::default();
//!     io.of("/chat", |socket| {
//!         socket.on("join", async |socket: Socket, room: String| socket.join(room).is_ok());
//!         socket.on("say", async |socket: Socket, room: String, text: String| {
//!             socket.to(room).emit("said", text);
//!         });
//!     });
//!     io
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
//! // In a test: #[tokio::test(start_paused = true)]
//! let io = chat();
//! let ann = TestClient::new(&io).join("/chat").await;
//! let mut bob = TestClient::new(&io).join("/chat").await;
//! assert!(bob.ask::<bool>("join", "lobby").await);
//! ann.emit("say", ("lobby", "hello"));
//! assert_eq!(bob.expect::<String>("said").await, "hello");
//! # });
//! ```
//!
//! A test client is this library's client ([`crate::client`]) over a pipe in memory:
//! its frames pass the server's own WebSocket transport, session and limits. Only TCP and
//! the HTTP request are missing.
//!
//! # Time
//!
//! Every wait has a deadline, ten seconds unless [`TestClient::patience`] says something
//! else; after it the test fails, with a message that names what was expected. With a
//! paused clock (`start_paused = true`, tokio's feature `test-util`) time passes at once
//! when all tasks wait: a test of a timeout of an hour takes no time. Such a clock waits
//! for `spawn_blocking`, but neither for sockets nor for threads that tokio does not know.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine_io::Handshake;
use serde::Serialize;
use serde_json::json;
use tokio::io::duplex;
use tokio::time::timeout;

use crate::ack::EmitWithAck;
use crate::client::machine::{Event, Loss, News, Stay};
use crate::client::websocket::{Dial, Dialed};
use crate::client::{
    self, Client, Config, ConnectFailure, DisconnectReason, NewsReceiver,
};
use crate::error::ConnectError;
use crate::io::Io;
use crate::wire::args::{self, Args, FromArgs, IntoArgs};

/// Bytes that the pipe holds in each direction.
const PIPE: usize = 64 << 10;
/// How long a test waits, unless it says something else.
const PATIENCE: Duration = Duration::from_secs(10);

/// A client of an [`Io`] in the same process: one connection, with as many namespaces as
/// it joins. It does not come back by itself.
///
/// ```
/// # use socket_io::{Io, testing::TestClient};
/// # fn io() -> Io { Io::default() }
/// # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
/// let io = io();
/// io.of("/", |socket| {
///     let user = socket.handshake().header("cookie").unwrap_or("nobody").to_owned();
///     socket.emit("welcome", user);
/// });
/// let mut ann = TestClient::with_headers(&io, &[("cookie", "user=ann")]).join("/").await;
/// assert_eq!(ann.expect::<String>("welcome").await, "user=ann");
/// # });
/// ```
#[derive(Debug)]
pub struct TestClient {
    client: Client,
    /// The server of the next connection.
    server: Arc<Mutex<Io>>,
    patience: Duration,
}

impl TestClient {
    /// A client that has connected to nothing yet.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(io: &Io) -> Self {
        Self::with_headers(io, &[])
    }

    /// One whose first request has these headers.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub fn with_headers(io: &Io, headers: &[(&str, &str)]) -> Self {
        let query = "EIO=4&transport=websocket";
        let request = Handshake::new(query, headers.iter().copied());
        let server = Arc::new(Mutex::new(io.clone()));
        let next = server.clone();
        let dial: Dial = Box::new(move || {
            let (ours, theirs) = duplex(PIPE);
            let io = next.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let request = request.clone();
            // It ends with the pipe.
            tokio::spawn(async move { io.engine().carry(theirs, request).await });
            Box::pin(async move {
                Ok(Dialed {
                    stream: Box::new(ours),
                    early: Vec::new(),
                })
            })
        });
        let config = Config {
            reconnect: None,
            ..Config::default()
        };
        Self {
            client: Client::from_dial(config, dial),
            server,
            patience: PATIENCE,
        }
    }

    /// How long its sockets wait for what they expect. Default 10 s.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Joins a namespace.
    ///
    /// # Panics
    /// The server refuses, or does not answer in time.
    pub async fn join(&self, namespace: &str) -> TestSocket {
        let joined = self.join_with(namespace, json!({})).await;
        joined.unwrap_or_else(|error| panic!("{namespace} was not joined: {error}"))
    }

    /// Joins a namespace with an auth payload, an object.
    ///
    /// ```
    /// # use serde_json::json;
    /// # use socket_io::{ConnectError, Io, testing::TestClient};
    /// # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let io = Io::default();
    /// io.of("/admin", |_| ()).middleware(async |socket: socket_io::Socket| {
    ///     if socket.auth()["token"] == "secret" { Ok(()) } else { Err(ConnectError::new("who are you?")) }
    /// });
    /// let client = TestClient::new(&io);
    /// assert!(client.join_with("/admin", json!({ "token": "secret" })).await.is_ok());
    /// let refusal = TestClient::new(&io).join_with("/admin", json!({})).await.unwrap_err();
    /// assert_eq!(refusal.message, "who are you?");
    /// # });
    /// ```
    ///
    /// # Errors
    /// The server's refusal.
    ///
    /// # Panics
    /// The server does not answer in time, the payload is not an object, or this client has
    /// joined the namespace before.
    pub async fn join_with(
        &self,
        namespace: &str,
        auth: impl Serialize,
    ) -> Result<TestSocket, ConnectError> {
        let (socket, news) = self.client.of_unhandled(namespace);
        let Some(news) = news else {
            panic!("this client has joined {namespace} before: use its TestSocket");
        };
        if let Err(error) = socket.set_auth(auth) {
            panic!("the auth payload: {error}");
        }
        let mut socket = TestSocket {
            socket,
            news,
            events: VecDeque::new(),
            left: None,
            patience: self.patience,
        };
        socket.rejoin().await.map(|()| socket)
    }

    /// Makes the next connection one to another server, as a proxy does when the first one
    /// is gone.
    ///
    /// ```
    /// # use socket_io::{Io, testing::TestClient};
    /// # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let (one, two) = (Io::default(), Io::default());
    /// let client = TestClient::new(&one);
    /// let mut ann = client.join("/").await;
    /// client.cut();
    /// ann.disconnected().await;
    /// client.move_to(&two);
    /// ann.rejoin().await.unwrap();
    /// assert_eq!(two.main().count(), 1);
    /// # });
    /// ```
    pub fn move_to(&self, io: &Io) {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        *server = io.clone();
    }

    /// Cuts the connection, without a close frame or any other goodbye: what a tunnel
    /// does. The server sees the end of the stream.
    pub fn cut(&self) {
        self.client.shared().tell(|machine, now| {
            let reason = DisconnectReason::TransportClose;
            machine.handle_lost(now, Loss::Ended(reason));
        });
    }
}

/// A test client in one namespace. It keeps its connection alive.
///
/// ```
/// # use socket_io::{AckError, Io, Socket, testing::TestClient};
/// # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
/// let io = Io::default();
/// io.of("/", |socket| {
///     socket.on("guess", async |socket: Socket| -> Result<bool, AckError> {
///         let answer: u8 = socket.emit_with_ack("what is 6 times 7?", ()).await?;
///         Ok(answer == 42)
///     });
/// });
/// let mut ann = TestClient::new(&io).join("/").await;
/// let asking = ann.emit_with_ack("guess", ());
/// ann.next().await.answer(42);
/// let right: bool = asking.await.unwrap();
/// assert!(right);
/// # });
/// ```
pub struct TestSocket {
    socket: client::Socket,
    news: NewsReceiver,
    events: VecDeque<Event>,
    left: Option<DisconnectReason>,
    patience: Duration,
}

impl TestSocket {
    /// Returns the id that the server gave the client.
    ///
    /// # Panics
    /// The client is not in the namespace.
    pub fn id(&self) -> String {
        match self.socket.id() {
            Some(id) => id.to_string(),
            None => panic!("not in {}", self.socket.namespace()),
        }
    }

    /// Whether the client is in the namespace.
    pub fn connected(&self) -> bool {
        self.socket.connected()
    }

    /// Whether the server had kept the client's place.
    pub fn recovered(&self) -> bool {
        self.socket.recovered()
    }

    /// Sends an event. [`Binary`](crate::Binary) arguments are sent as attachments.
    ///
    /// # Panics
    /// The client is not in the namespace, or the event cannot be sent.
    pub fn emit(&self, event: &str, args: impl IntoArgs) {
        if let Err(error) = self.socket.emit(event, args) {
            panic!("{event:?} was not sent: {error}");
        }
    }

    /// Sends an event, and returns the answer of the server's handler.
    ///
    /// # Panics
    /// Panics if no answer arrives in time, or if it has another type.
    pub async fn ask<T: FromArgs + 'static>(
        &self,
        event: &str,
        args: impl IntoArgs,
    ) -> T {
        match self.emit_with_ack(event, args).await {
            Ok(answer) => answer,
            Err(error) => panic!("{event:?} was not acknowledged: {error}"),
        }
    }

    /// Sends an event and asks for an answer, to be awaited: for a test of what happens
    /// in the meantime, or of an answer that does not come.
    pub fn emit_with_ack<T>(&self, event: &str, args: impl IntoArgs) -> EmitWithAck<T> {
        let asking = self.socket.emit_with_ack(event, args);
        asking.timeout(self.patience)
    }

    /// Returns the next event.
    ///
    /// # Panics
    /// Panics if none arrives in time, or if the client is disconnected first.
    pub async fn next(&mut self) -> TestEvent {
        let event = self.event("an event").await;
        TestEvent {
            name: event.name(),
            args: match event.raw().to_args() {
                Ok(args) => args,
                Err(error) => panic!("{}: {error}", event.name()),
            },
            asked: event.id.map(|id| (self.socket.clone(), event.stay, id)),
        }
    }

    /// Returns the arguments of the next event, which must have this name.
    ///
    /// # Panics
    /// Panics if none arrives in time, if it has another name, or if its arguments have
    /// other types.
    pub async fn expect<T: FromArgs>(&mut self, name: &str) -> T {
        let event = self.event(name).await;
        let raw = event.raw();
        assert!(
            event.name() == name,
            "{name:?} was expected, and {} came",
            raw.array
        );
        match raw.decode() {
            Ok(args) => args,
            Err(error) => panic!("the arguments of {}: {error}", raw.array),
        }
    }

    /// Waits as long as for an event, and returns if none came.
    ///
    /// # Panics
    /// There is one, or the client is put out.
    pub async fn expect_nothing(&mut self) {
        let patience = self.patience;
        if let Ok(event) = timeout(patience, self.event_or_end()).await {
            match event {
                Ok(event) => {
                    panic!("nothing was expected, and {} came", event.raw().array)
                }
                Err(reason) => panic!("nothing was expected, and the end came: {reason}"),
            }
        }
    }

    /// Waits until the client is no longer in the namespace, and returns why. Events that
    /// came before are still there for [`next`](Self::next).
    ///
    /// # Panics
    /// The client is still in when the time is up.
    pub async fn disconnected(&mut self) -> DisconnectReason {
        let patience = self.patience;
        let ended = timeout(patience, async {
            while self.left.is_none() && self.receive().await {}
            self.left
        });
        match ended.await {
            Ok(Some(reason)) => reason,
            _ => panic!("still in {}", self.socket.namespace()),
        }
    }

    /// Leaves the namespace.
    pub fn disconnect(&self) {
        self.socket.disconnect();
    }

    /// Joins the namespace again, on a new connection if the old one is gone. A client
    /// whose connection was [cut](TestClient::cut) asks for what it missed.
    ///
    /// ```
    /// # use socket_io::{Config, Io, Recovery, testing::TestClient};
    /// # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let io = Io::new(Config { recovery: Some(Recovery::default()), ..Config::default() });
    /// let main = io.namespace("/").unwrap();
    /// let client = TestClient::new(&io);
    /// let mut ann = client.join("/").await;
    /// client.cut();
    /// ann.disconnected().await;
    /// main.emit("news", 1);
    /// ann.rejoin().await.unwrap();
    /// assert!(ann.recovered());
    /// assert_eq!(ann.expect::<u8>("news").await, 1);
    /// # });
    /// ```
    ///
    /// # Errors
    /// The server's refusal.
    ///
    /// # Panics
    /// The server does not answer in time.
    pub async fn rejoin(&mut self) -> Result<(), ConnectError> {
        let socket = self.socket.clone();
        let Ok(joined) = timeout(self.patience, socket.connect()).await else {
            panic!("{} did not answer in time", self.socket.namespace());
        };
        match joined {
            Ok(()) => {}
            Err(ConnectFailure::Refused(error)) => return Err(error),
            Err(error) => panic!("{}: {error}", self.socket.namespace()),
        }
        self.left = None;
        // The news of it, and what was not read before, are here already.
        while let Ok(news) = self.news.try_recv() {
            if self.absorb(news) {
                self.left = None;
                break;
            }
        }
        Ok(())
    }

    async fn event(&mut self, what: &str) -> Event {
        let patience = self.patience;
        let Ok(event) = timeout(patience, self.event_or_end()).await else {
            panic!("{what} was expected, and nothing came");
        };
        event.unwrap_or_else(|reason| {
            panic!("{what} was expected, and the end came: {reason}")
        })
    }

    async fn event_or_end(&mut self) -> Result<Event, DisconnectReason> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            if let Some(reason) = self.left {
                return Err(reason);
            }
            if !self.receive().await {
                return Err(DisconnectReason::Client);
            }
        }
    }

    async fn receive(&mut self) -> bool {
        let news = self.news.recv().await;
        news.map(|news| self.absorb(news)).is_some()
    }

    /// Keeps what a test may ask for. Returns whether the client is in from now on.
    fn absorb(&mut self, news: News) -> bool {
        self.socket.done(news.cost());
        match news {
            News::Joined { .. } => return true,
            News::Failed(_) => {}
            News::Event(event) => self.events.push_back(event),
            News::Left(reason) => self.left = Some(reason),
        }
        false
    }
}

/// An event that a test client has received.
pub struct TestEvent {
    /// Its name.
    pub name: String,
    /// Its arguments.
    pub args: Args,
    /// The server wants an answer.
    asked: Option<(client::Socket, Stay, u64)>,
}

impl TestEvent {
    /// Whether the server wants an answer.
    pub fn wants_answer(&self) -> bool {
        self.asked.is_some()
    }

    /// Answers the server.
    ///
    /// # Panics
    /// It did not ask, or JSON cannot express the answer.
    pub fn answer(self, args: impl IntoArgs) {
        let Some((socket, stay, id)) = self.asked else {
            panic!("{:?} wants no answer", self.name);
        };
        match args::encode(None, &args) {
            Ok(encoded) => socket.answer(stay, id, Ok(encoded)),
            Err(error) => panic!("the answer to {:?}: {error}", self.name),
        }
    }
}

impl fmt::Debug for TestSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TestSocket").field(&self.socket).finish()
    }
}

impl fmt::Debug for TestEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestEvent")
            .field("name", &self.name)
            .field("args", &self.args.json())
            .field("wants_answer", &self.wants_answer())
            .finish_non_exhaustive()
    }
}
