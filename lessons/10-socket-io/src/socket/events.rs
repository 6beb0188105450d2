//! A socket's handlers: what a program calls to hear of events, and to look at those that
//! go by.

use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;

use super::Socket;
use crate::handler::{self, Handler, HandlerId, Handlers, Hook};
use crate::reason::DisconnectReason;
use crate::reply::Ack;
use crate::wire::args::{Args, Event};

impl Socket {
    /// Handles an event. The handler's return value is the acknowledgement, if the client
    /// asked for one; a handler whose last parameter is an [`Ack`] acknowledges when it
    /// wants.
    ///
    /// Arguments are decoded into the handler's types. If they do not fit, the handler is
    /// not called, and the acknowledgement is `false` and the reason.
    ///
    /// ```
    /// # use socket_io::{Io, Socket};
    /// # let io = Io::default();
    /// io.of("/chat", |socket| {
    ///     socket.on("join", async |socket: Socket, room: String| socket.join(room).is_ok());
    /// });
    /// ```
    ///
    /// # Order
    ///
    /// Events of one socket are handled one after another, and other sockets' at the same
    /// time. A handler that waits holds up the socket's next event, and its acknowledgement
    /// too; answers to the server's own questions get past it. So a handler must not wait
    /// for another event of the same socket. It can leave work that takes long to a task,
    /// and give it the [`Ack`].
    ///
    /// # Several handlers
    ///
    /// An event can have several handlers, which are called one after another in the order
    /// in which they were registered. The first one that returns something answers.
    /// A handler that returns `()` leaves the answer to the others: if none returns
    /// anything, and none has taken the [`Ack`], the acknowledgement is empty. The client hears of arguments that do not fit, or of a
    /// panic, if no other handler answers.
    ///
    /// A handler can register and remove handlers, even those of the event that it handles:
    /// the change holds from the socket's next event on.
    ///
    /// # Panics in a handler
    ///
    /// A handler that panics is over, and nothing else is: the acknowledgement is
    /// `false, "internal error"`.
    pub fn on<H: Handler<Self, Signature>, Signature: 'static>(
        &self,
        event: &str,
        handler: H,
    ) -> HandlerId {
        self.register(|handlers| handlers.on(event, false, handler))
    }

    /// As [`on`](Self::on), for the first event only whose arguments fit. The handler is
    /// removed before it is called.
    ///
    /// ```
    /// # fn example(socket: socket_io::Socket) {
    /// # use socket_io::Socket;
    /// socket.once("ready", async |socket: Socket| socket.emit("start", ()));
    /// # }
    /// ```
    pub fn once<H: Handler<Self, Signature>, Signature: 'static>(
        &self,
        event: &str,
        handler: H,
    ) -> HandlerId {
        self.register(|handlers| handlers.on(event, true, handler))
    }

    /// Removes a handler: of an event, of all events, or of whatever else was registered
    /// under this id. Returns whether it was there.
    ///
    /// ```
    /// # fn example(socket: socket_io::Socket) {
    /// # use socket_io::{Args, Socket};
    /// let watching = socket.on_any(async |_: Socket, event: String, _: Args| println!("{event}"));
    /// socket.on("stop watching", async move |socket: Socket| socket.off(watching));
    /// # }
    /// ```
    pub fn off(&self, handler: HandlerId) -> bool {
        self.0.inbox.remove(handler)
    }

    /// Removes all handlers of an event.
    pub fn off_all(&self, event: &str) {
        let removed = self.0.inbox.edit(|handlers| handlers.remove_all(event));
        // Without the lock: dropping them can run a user's code.
        drop(removed);
    }

    /// Handles every event, before the event's own handlers and after
    /// [middleware](Self::middleware). If it panics, the others are called all the same.
    pub fn on_any<F, Fut>(&self, handler: F) -> HandlerId
    where
        F: FnOnce(Self, String, Args) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.register(|handlers| handlers.hook(false, any(handler)))
    }

    /// As [`on_any`](Self::on_any), and is called before the handlers that are there
    /// already.
    pub fn prepend_any<F, Fut>(&self, handler: F) -> HandlerId
    where
        F: FnOnce(Self, String, Args) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.register(|handlers| handlers.hook(true, any(handler)))
    }

    /// As [`on_any`](Self::on_any), with the acknowledgement in hand: for a handler that
    /// answers events of any name.
    ///
    /// ```
    /// # fn example(socket: socket_io::Socket) {
    /// # use socket_io::{Ack, Args, Socket};
    /// socket.on_any_with_ack(async |_: Socket, event: String, _: Args, ack: Ack| {
    ///     ack.send((false, format!("there is no event {event}")));
    /// });
    /// # }
    /// ```
    pub fn on_any_with_ack<F, Fut>(&self, handler: F) -> HandlerId
    where
        F: FnOnce(Self, String, Args, Ack) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let call = |(socket, event, ack): (Self, Event, Ack)| {
            handler(socket, event.name, event.args, ack)
        };
        let hook = Hook::Any(true, handler::callback(call));
        self.register(|handlers| handlers.hook(false, hook))
    }

    /// Checks every event before it is handled. `check` passes the event on by returning
    /// it, and may change it; or it refuses the event by returning an error, and the
    /// acknowledgement is `false` and the error's text, as from a handler that fails. An
    /// event without an acknowledgement is dropped; `check` can emit one that says so.
    ///
    /// Several are asked in the order in which they were registered. One that waits holds
    /// up the socket's next event. One that panics refuses the event.
    ///
    /// This is the server's `socket.use` in Node, with two differences. Middleware comes
    /// before the handlers of every event, which see nothing that it refuses; and a refusal
    /// is told to the client, where Node tells the server's own `error` listener.
    ///
    /// Here is a limit on the rate of events. The bucket holds ten tokens, and gets five
    /// more each second; each event takes one:
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use std::time::Instant;
    ///
    /// use socket_io::{Event, Io, Socket};
    ///
    /// struct Bucket {
    ///     tokens: f64,
    ///     filled: Instant,
    /// }
    ///
    /// impl Bucket {
    ///     fn take(&mut self) -> bool {
    ///         let passed = self.filled.elapsed().as_secs_f64();
    ///         self.filled = Instant::now();
    ///         self.tokens = (self.tokens + 5.0 * passed).min(10.0);
    ///         let enough = self.tokens >= 1.0;
    ///         if enough {
    ///             self.tokens -= 1.0;
    ///         }
    ///         enough
    ///     }
    /// }
    ///
    /// let io = Io::default();
    /// io.of("/", |socket| {
    ///     let bucket = Bucket { tokens: 10.0, filled: Instant::now() };
    ///     let bucket = Arc::new(Mutex::new(bucket));
    ///     socket.middleware(async move |_: Socket, event: Event| {
    ///         let enough = bucket.lock().is_ok_and(|mut bucket| bucket.take());
    ///         if enough { Ok(event) } else { Err("too many events") }
    ///     });
    /// });
    /// ```
    pub fn middleware<F, Fut, E>(&self, check: F) -> HandlerId
    where
        F: FnOnce(Self, Event) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<Event, E>> + Send + 'static,
        E: Display,
    {
        let hook = handler::middleware(check);
        self.register(|handlers| handlers.hook(false, hook))
    }

    /// Calls `listener` with each event that is about to be sent to this client, its
    /// broadcasts and questions too: for logs and counters. It is called by the sender, so
    /// it must not wait. An event that then cannot be sent, because the client is slow and
    /// the event volatile, is reported too; an acknowledgement is not an event.
    ///
    /// The events that a listener itself sends are not reported to any listener. If it
    /// panics, the event is sent all the same.
    ///
    /// ```
    /// # fn example(socket: socket_io::Socket) {
    /// let id = socket.id().clone();
    /// socket.on_any_outgoing(move |event, args| println!("to {id}: {event}{}", args.json()));
    /// # }
    /// ```
    pub fn on_any_outgoing(
        &self,
        listener: impl Fn(&str, &Args) + Send + Sync + 'static,
    ) -> HandlerId {
        let hook = Hook::Outgoing(Arc::new(listener));
        self.register(|handlers| handlers.hook(false, hook))
    }

    /// As [`on_any_outgoing`](Self::on_any_outgoing), and is called before the listeners
    /// that are there already.
    pub fn prepend_any_outgoing(
        &self,
        listener: impl Fn(&str, &Args) + Send + Sync + 'static,
    ) -> HandlerId {
        let hook = Hook::Outgoing(Arc::new(listener));
        self.register(|handlers| handlers.hook(true, hook))
    }

    /// Is called when the client has moved from polling to a WebSocket, in its turn among
    /// the events. A client that opens with a WebSocket does not move. See
    /// [`transport`](Self::transport).
    ///
    /// ```
    /// # fn example(socket: socket_io::Socket) {
    /// # use socket_io::Socket;
    /// socket.on_upgrade(async |socket: Socket| {
    ///     println!("{} now uses {}", socket.id(), socket.transport().name());
    /// });
    /// # }
    /// ```
    pub fn on_upgrade<F, Fut>(&self, handler: F) -> HandlerId
    where
        F: FnOnce(Self) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let hook = Hook::Upgrade(handler::callback(handler));
        self.register(|handlers| handlers.hook(false, hook))
    }

    /// Is called once, when the socket has left, before
    /// [`on_disconnect`](Self::on_disconnect). [`rooms`](Self::rooms) returns the rooms
    /// that it was in, and they no longer reach it.
    ///
    /// ```
    /// # fn example(socket: socket_io::Socket) {
    /// # use socket_io::{DisconnectReason, Socket};
    /// socket.on_disconnecting(async |socket: Socket, _: DisconnectReason| {
    ///     for room in socket.rooms() {
    ///         socket.to(room).emit("left", socket.id().as_str());
    ///     }
    /// });
    /// # }
    /// ```
    pub fn on_disconnecting<F, Fut>(&self, handler: F) -> HandlerId
    where
        F: FnOnce(Self, DisconnectReason) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let hook = Hook::Disconnecting(handler::callback(at_the_end(handler)));
        self.register(|handlers| handlers.hook(false, hook))
    }

    /// Is called once, when the socket has left its namespace and all rooms, after the
    /// events that came before. If it panics, the others are called all the same.
    pub fn on_disconnect<F, Fut>(&self, handler: F) -> HandlerId
    where
        F: FnOnce(Self, DisconnectReason) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let hook = Hook::Disconnect(handler::callback(at_the_end(handler)));
        self.register(|handlers| handlers.hook(false, hook))
    }

    /// A socket that has left takes no handlers: the id is then that of nothing.
    fn register(
        &self,
        register: impl FnOnce(&mut Handlers<Self>) -> HandlerId,
    ) -> HandlerId {
        let id = self.0.inbox.edit(register);
        id.unwrap_or_else(HandlerId::next)
    }
}

fn any<F, Fut>(handler: F) -> Hook<Socket>
where
    F: FnOnce(Socket, String, Args) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let call = |(socket, event, _): (Socket, Event, Ack)| {
        handler(socket, event.name, event.args)
    };
    Hook::Any(false, handler::callback(call))
}

fn at_the_end<F, Fut>(
    handler: F,
) -> impl FnOnce((Socket, DisconnectReason)) -> Fut + Clone + Send + Sync + 'static
where
    F: FnOnce(Socket, DisconnectReason) -> Fut + Clone + Send + Sync + 'static,
{
    |(socket, reason)| handler(socket, reason)
}
