//! A client's handle for one namespace, and the task that calls its handlers.

use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::sync::{mpsc, watch};

use super::Client;
use super::driver::{Added, NewsReceiver, Shared, Status};
use super::error::{ConnectFailure, DisconnectReason, EmitError};
use super::machine::{Event, News, Place, Stay};
use crate::ack::{AckSender, EmitWithAck};
use crate::handler::Handler;
use crate::reply::Ack;
use crate::tasks::{guarded, guarded_async};
use crate::wire::args::{self, Args, Encoded, IntoArgs, RawArgs};
use crate::wire::outgoing::OutgoingEvent;

/// How long a question waits for its answer, unless it says so itself.
const ACK_TIMEOUT: Duration = Duration::from_secs(10);

/// Characters of the reason why arguments do not fit.
const MAX_REASON: usize = 200;

/// A client in one namespace: a cheap handle.
///
/// Handlers are kept from one connection to the next, so they are set once, before the
/// first [`connect`](Self::connect). They are called one after another, each when the one
/// before has ended; a handler that panics is over, and nothing else is.
///
/// A handler gets the handle as its first argument. A handler that captures a clone
/// instead keeps the client alive until [`Client::close`].
///
/// ```no_run
/// use socket_io::client::{Client, ConnectFailure, DisconnectReason, Socket};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::new("http://localhost:5000", Default::default())?;
/// let chat = client.of("/chat");
/// chat.set_auth(serde_json::json!({ "token": "secret" }))?;
/// chat.on("msg_to_room", async |_: Socket, nickname: String, text: String| {
///     println!("{nickname}: {text}");
/// });
/// chat.on_connect(async |chat: Socket| {
///     if !chat.recovered() {
///         let _ = chat.emit_with_ack::<bool>("join", "lobby").await;
///     }
/// });
/// chat.on_disconnect(async |_: Socket, reason: DisconnectReason| println!("{reason}"));
/// chat.on_connect_error(async |_: Socket, error: ConnectFailure| println!("{error}"));
/// chat.connect().await?;
/// chat.emit("user message", ("lobby", "hello"))?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Socket {
    client: Client,
    seat: Arc<Seat>,
}

/// The part of a socket that does not keep its client alive.
pub(crate) struct Seat {
    place: Place,
    name: Arc<str>,
    status: watch::Receiver<Status>,
    handlers: RwLock<Handlers>,
}

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;
type Answer = Result<Encoded, serde_json::Error>;
type Running = Pin<Box<dyn Future<Output = Answer> + Send>>;
type OnEvent =
    Arc<dyn Fn(Socket, RawArgs<'_>) -> Result<Running, serde_json::Error> + Send + Sync>;
type OnAny = Arc<dyn Fn(Socket, String, Args) -> Job + Send + Sync>;
type On<T> = Arc<dyn Fn(Socket, T) -> Job + Send + Sync>;

#[derive(Default)]
struct Handlers {
    events: Vec<(Box<str>, OnEvent)>,
    any: Vec<OnAny>,
    connect: Vec<On<()>>,
    connect_error: Vec<On<ConnectFailure>>,
    disconnect: Vec<On<DisconnectReason>>,
}

impl Socket {
    pub(crate) fn new(client: Client, name: &str, added: &Added) -> Self {
        let seat = Seat {
            place: added.place,
            name: name.into(),
            status: added.status.clone(),
            handlers: RwLock::default(),
        };
        let seat = Arc::new(seat);
        Self { client, seat }
    }

    pub(crate) fn with_seat(client: Client, seat: Arc<Seat>) -> Self {
        Self { client, seat }
    }

    pub(crate) fn seat(&self) -> &Arc<Seat> {
        &self.seat
    }

    fn shared(&self) -> &Arc<Shared> {
        self.client.shared()
    }

    // --- Identity ---

    /// Returns the client that this namespace is part of.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the namespace's name.
    pub fn namespace(&self) -> &str {
        &self.seat.name
    }

    /// Whether the client is in the namespace.
    pub fn connected(&self) -> bool {
        matches!(*self.seat.status.borrow(), Status::Joined { .. })
    }

    /// Returns the id that the server gave the client, while it is in the namespace.
    pub fn id(&self) -> Option<Arc<str>> {
        match &*self.seat.status.borrow() {
            Status::Joined { id, .. } => Some(id.clone()),
            _ => None,
        }
    }

    /// Whether the server has kept the client's place while it was away: its id, its
    /// rooms, and the events that it missed, which follow (see
    /// [`Recovery`](crate::Recovery)).
    pub fn recovered(&self) -> bool {
        let status = self.seat.status.borrow();
        matches!(*status, Status::Joined { recovered, .. } if recovered)
    }

    // --- Coming and going ---

    /// Sets the payload with which the client asks to be let in, from the next time on: an
    /// object.
    ///
    /// # Errors
    /// It is not an object, or JSON cannot express it.
    pub fn set_auth(&self, auth: impl Serialize) -> Result<(), serde_json::Error> {
        match serde_json::to_value(auth)? {
            Value::Object(auth) => {
                let place = self.seat.place;
                self.shared()
                    .tell(|machine, _| machine.set_auth(place, auth));
                Ok(())
            }
            _ => Err(serde::ser::Error::custom(
                "the auth payload is not an object",
            )),
        }
    }

    /// Starts to connect, and returns at once: for a program that does its work in
    /// [`on_connect`](Self::on_connect).
    pub fn open(&self) {
        self.shared().open(self.seat.place);
    }

    /// Connects, and returns when the client is in the namespace. While the server cannot
    /// be reached, the client keeps trying as [`Reconnect`](super::Reconnect) says, by
    /// default forever; put a [`timeout`](tokio::time::timeout) around it to wait less
    /// long, and [`disconnect`](Self::disconnect) to give up.
    ///
    /// # Errors
    /// The server refuses the client, or the attempts are used up.
    pub async fn connect(&self) -> Result<(), ConnectFailure> {
        self.open();
        let mut status = self.seat.status.clone();
        let decided = status
            .wait_for(|status| !matches!(status, Status::Waiting))
            .await;
        let unreachable =
            |why: DisconnectReason| Err(ConnectFailure::Unreachable(why.to_string()));
        match decided.as_deref() {
            Ok(Status::Joined { .. }) => Ok(()),
            Ok(Status::Failed(failure)) => Err(failure.clone()),
            Ok(Status::Left(reason)) => unreachable(*reason),
            Ok(Status::Waiting) | Err(_) => unreachable(DisconnectReason::Client),
        }
    }

    /// Leaves the namespace, after the events that were emitted before. The connection
    /// ends when the client is in no namespace.
    ///
    /// Node's server ignores an event that it reads together with the farewell. To be sure
    /// of the last event, await its acknowledgement first.
    pub fn disconnect(&self) {
        self.shared().leave(self.seat.place);
    }

    // --- Events out ---

    /// Sends an event, or queues it until the server can take it.
    ///
    /// # Errors
    /// The event is not taken: see [`EmitError`].
    pub fn emit(&self, event: &str, args: impl IntoArgs) -> Result<(), EmitError> {
        let outgoing = OutgoingEvent::event(event, &args).ok_or(EmitError::NotSent)?;
        let packet = outgoing.encode_event(&self.seat.name, None);
        let place = self.seat.place;
        self.shared()
            .tell(|machine, _| machine.emit(place, packet, None))
    }

    /// Sends an event if nothing else waits to be sent, and drops it otherwise: for what
    /// is soon outdated. Returns whether it was taken.
    ///
    /// ```
    /// # fn example(socket: socket_io::client::Socket) {
    /// socket.emit_volatile("mouse", (3, 4));
    /// # }
    /// ```
    pub fn emit_volatile(&self, event: &str, args: impl IntoArgs) -> bool {
        let Some(outgoing) = OutgoingEvent::event(event, &args) else {
            return false;
        };
        let packet = outgoing.encode_event(&self.seat.name, None);
        let place = self.seat.place;
        self.shared()
            .tell(|machine, _| machine.emit_volatile(place, packet))
    }

    /// Sends an event and asks for an answer of type `T`: await the result, which comes
    /// within 10 s or is an error. When the timeout has passed, an event that is still
    /// waiting to be sent is dropped.
    ///
    /// ```
    /// # async fn example(socket: socket_io::client::Socket) -> Result<(), socket_io::AckError> {
    /// use std::time::Duration;
    /// let (ok, name): (bool, String) =
    ///     socket.emit_with_ack("nickname", "Ann").timeout(Duration::from_secs(2)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn emit_with_ack<T>(&self, event: &str, args: impl IntoArgs) -> EmitWithAck<T> {
        let place = self.seat.place;
        let id = self.client.next_ack();
        let answers = OutgoingEvent::event(event, &args).and_then(|outgoing| {
            let packet = outgoing.encode_event(&self.seat.name, Some(id));
            let (sender, answers) = mpsc::unbounded_channel();
            let question = AckSender {
                asked: 0,
                answers: sender,
            };
            let question = Some((id, question));
            let emitted = self
                .shared()
                .tell(|machine, _| machine.emit(place, packet, question));
            if let Err(error) = emitted {
                tracing::debug!(event, %error, "a question was not sent");
            }
            emitted.is_ok().then_some(answers)
        });
        let shared = self.shared().clone();
        EmitWithAck::new(answers, ACK_TIMEOUT, move || {
            shared.tell(|machine, _| machine.forget(place, id));
        })
    }

    // --- Handlers ---

    /// Handles an event: see [`Handler`]. The handler's return value is the
    /// acknowledgement, if the server asked for one. A second handler for the same event takes the first
    /// one's place.
    pub fn on<H: Handler<Self, Signature>, Signature: 'static>(
        &self,
        event: &str,
        handler: H,
    ) {
        const {
            assert!(
                !H::TAKES_ACK,
                "a client's handler returns its answer, and has no parameter of type Ack"
            );
        }
        let handler = Arc::new(handler);
        let handler: OnEvent = Arc::new(move |socket, raw| {
            let args: H::Decoded = raw.decode()?;
            let handler = handler.clone();
            Ok(Box::pin(async move {
                let answer = handler.call(socket, args, Ack::none()).await;
                answer.unwrap_or_else(|| args::encode(None, &()))
            }))
        });
        let before = self.off_handler(event, Some(handler));
        guarded(|| drop(before));
    }

    /// Handles an event no more.
    ///
    /// ```
    /// # fn example(socket: socket_io::client::Socket) {
    /// socket.off("msg_to_room");
    /// # }
    /// ```
    pub fn off(&self, event: &str) {
        let before = self.off_handler(event, None);
        guarded(|| drop(before));
    }

    /// Exchanges an event's handler. The old one is dropped without the lock, because that
    /// can run a program's code.
    fn off_handler(&self, event: &str, new: Option<OnEvent>) -> Option<OnEvent> {
        self.edit(|handlers| {
            let index = handlers
                .events
                .iter()
                .position(|(name, _)| **name == *event);
            let before = index.map(|index| handlers.events.swap_remove(index).1);
            handlers.events.extend(new.map(|new| (event.into(), new)));
            before
        })
    }

    /// Handles every event, before its own handler. One that panics takes the event with
    /// it.
    ///
    /// ```
    /// # fn example(socket: socket_io::client::Socket) {
    /// use socket_io::{Args, client::Socket};
    /// socket.on_any(async |_: Socket, event: String, args: Args| {
    ///     println!("{event} {}", args.json());
    /// });
    /// # }
    /// ```
    pub fn on_any<F, Fut>(&self, handler: F)
    where
        F: Fn(Self, String, Args) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let handler: OnAny =
            Arc::new(move |socket, event, args| Box::pin(handler(socket, event, args)));
        self.edit(|handlers| handlers.any.push(handler));
    }

    /// Is called each time that the client has joined the namespace, before the events
    /// that follow.
    pub fn on_connect<F, Fut>(&self, handler: F)
    where
        F: Fn(Self) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let handler: On<()> = Arc::new(move |socket, ()| Box::pin(handler(socket)));
        self.edit(|handlers| handlers.connect.push(handler));
    }

    /// Is called each time that an attempt to join has failed.
    pub fn on_connect_error<F, Fut>(&self, handler: F)
    where
        F: Fn(Self, ConnectFailure) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let handler: On<_> = Arc::new(move |socket, why| Box::pin(handler(socket, why)));
        self.edit(|handlers| handlers.connect_error.push(handler));
    }

    /// Is called each time that the client is no longer in the namespace.
    pub fn on_disconnect<F, Fut>(&self, handler: F)
    where
        F: Fn(Self, DisconnectReason) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let handler: On<_> = Arc::new(move |socket, why| Box::pin(handler(socket, why)));
        self.edit(|handlers| handlers.disconnect.push(handler));
    }

    fn edit<R>(&self, edit: impl FnOnce(&mut Handlers) -> R) -> R {
        let handlers = &self.seat.handlers;
        edit(&mut handlers.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn handlers<R>(&self, read: impl FnOnce(&Handlers) -> R) -> R {
        let handlers = &self.seat.handlers;
        read(&handlers.read().unwrap_or_else(PoisonError::into_inner))
    }

    // --- What has happened ---

    async fn handle(&self, news: News) {
        match news {
            News::Joined { .. } => self.call_each((), |it| it.connect.clone()).await,
            News::Failed(failure) => {
                self.call_each(failure, |it| it.connect_error.clone()).await;
            }
            News::Left(reason) => {
                self.call_each(reason, |it| it.disconnect.clone()).await;
            }
            News::Event(event) => {
                let (id, stay) = (event.id, event.stay);
                let answered = guarded_async(pin!(Some(self.handle_event(event)))).await;
                let answer = answered.unwrap_or_else(|| {
                    tracing::error!("a handler panicked");
                    Some(args::encode(None, &(false, "internal error")))
                });
                if let (Some(id), Some(answer)) = (id, answer) {
                    self.answer(stay, id, answer);
                }
            }
        }
    }

    async fn call_each<T: Clone>(
        &self,
        value: T,
        which: impl FnOnce(&Handlers) -> Vec<On<T>>,
    ) {
        for handler in self.handlers(which) {
            let call = async { handler(self.clone(), value.clone()).await };
            if guarded_async(pin!(Some(call))).await.is_none() {
                tracing::error!("a handler panicked");
            }
        }
    }

    /// Calls the handlers of an event. Returns what the event's own handler answers.
    async fn handle_event(&self, event: Event) -> Option<Answer> {
        let name = event.name();
        let (any, own) = self.handlers(|handlers| {
            let own = handlers.events.iter().find(|(it, _)| **it == *name);
            (
                handlers.any.clone(),
                own.map(|(_, handler)| handler.clone()),
            )
        });
        for handler in any {
            let args = event.raw().to_args().ok()?;
            handler(self.clone(), name.clone(), args).await;
        }
        match own?(self.clone(), event.raw()) {
            Ok(running) => Some(running.await),
            Err(error) => {
                // The reason quotes the server, which may have said a megabyte.
                let reason: String = error.to_string().chars().take(MAX_REASON).collect();
                tracing::debug!(event = name, reason, "arguments that do not fit");
                let message = format!("invalid arguments: {reason}");
                Some(args::encode(None, &(false, message)))
            }
        }
    }

    pub(crate) fn answer(&self, stay: Stay, id: u64, answer: Answer) {
        let encoded = answer.or_else(|error| {
            tracing::error!(%error, "an acknowledgement cannot be sent");
            args::encode(None, &(false, "the answer cannot be sent"))
        });
        if let Ok(encoded) = encoded {
            let packet = OutgoingEvent::answer(encoded).encode_ack(&self.seat.name, id);
            let place = self.seat.place;
            self.shared()
                .tell(|machine, now| machine.answer(now, place, stay, packet));
        }
    }

    /// The news were dealt with.
    pub(crate) fn done(&self, cost: usize) {
        self.shared().tell(|machine, _| machine.work_done(cost));
    }
}

impl Seat {
    /// Drops all handlers.
    pub(crate) fn clear(&self) {
        let handlers = {
            let mut handlers = self
                .handlers
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *handlers)
        };
        guarded(|| drop(handlers));
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The task that calls a namespace's handlers, in the order of its news. It does not keep
/// the client alive.
pub(crate) async fn dispatch(
    client: Weak<super::Inner>,
    seat: Arc<Seat>,
    mut news: NewsReceiver,
) {
    while let Some(item) = news.recv().await {
        let Some(client) = Client::upgrade(&client) else {
            return;
        };
        let socket = Socket::with_seat(client, seat.clone());
        let cost = item.cost();
        socket.handle(item).await;
        socket.done(cost);
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("namespace", &self.seat.name)
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}
