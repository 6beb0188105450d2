//! Handlers: an async function of a socket and an event's arguments, made callable by the
//! event's name.
//!
//! `FnOnce(Socket, A, B) -> Future<Output = R>` for any decodable `A` and `B` and any
//! sendable `R` becomes one shape that a table can hold. The handler's return value is the
//! acknowledgement, as in gevent-socketio's `return True, nickname`. The handle is a type
//! parameter: nothing here knows what a socket can do.
//!
//! Each call is made on a copy of the function. An async closure that captures something
//! lends it to its future, so it does not implement `Fn`; but every async closure
//! implements `FnOnce`, and one whose captures can be cloned can be cloned.

use std::fmt::Display;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::de::DeserializeOwned;

use crate::reason::DisconnectReason;
use crate::reply::{Ack, Returned};
use crate::wire::args::{Args, Event, FromArgs, IntoArgs, RawArgs, encode};

type Running<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Names one registration of a handler, for [`Socket::off`](crate::Socket::off).
///
/// ```
/// use socket_io::Socket;
///
/// fn play_once_more(socket: &Socket) {
///     let tea = socket.on("tea", async |socket: Socket| socket.emit("cup", 1));
///     assert!(socket.off(tea));
///     assert!(!socket.off(tea), "it is gone already");
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HandlerId(u64);

impl HandlerId {
    /// A new id. No two sockets share one: an id of the wrong socket removes nothing.
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// An async function that can handle an event: `async |socket: Socket, first: String,
/// second: u32| { … }`, with up to six arguments, or with [`Args`] for all of them. A last
/// parameter of type [`Ack`] takes the acknowledgement into its own hands.
///
/// A closure may capture whatever can be cloned, like an `Arc` or a channel's sender, and
/// each call gets its own clone:
///
/// ```
/// # use socket_io::{Io, Socket};
/// # use std::sync::{Arc, atomic::{AtomicUsize, Ordering}};
/// # let io = Io::default();
/// let total = Arc::new(AtomicUsize::new(0));
/// io.of("/", move |socket| {
///     let total = total.clone();
///     socket.on("count", async move |_: Socket| total.fetch_add(1, Ordering::Relaxed));
/// });
/// ```
///
/// `Handle` is [`Socket`](crate::Socket). `Signature` is inferred; it keeps functions of
/// different arity apart. A handler that panics is over, and the client gets
/// `false, "internal error"` as its acknowledgement; the socket's next event is handled.
pub trait Handler<Handle, Signature>: Send + Sync + 'static {
    /// The types that an event's arguments are decoded into.
    #[doc(hidden)]
    type Decoded: FromArgs + Send + 'static;

    /// Whether the function has a parameter for the [`Ack`].
    #[doc(hidden)]
    const TAKES_ACK: bool;

    /// Calls the function, and writes down what it returns.
    #[doc(hidden)]
    fn call(
        &self,
        socket: Handle,
        args: Self::Decoded,
        ack: Ack,
    ) -> impl Future<Output = Returned> + Send;
}

impl<S, F, Fut, R> Handler<S, Args> for F
where
    F: FnOnce(S, Args) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = R> + Send + 'static,
    R: IntoArgs,
{
    type Decoded = Args;
    const TAKES_ACK: bool = false;

    fn call(
        &self,
        socket: S,
        args: Args,
        _: Ack,
    ) -> impl Future<Output = Returned> + Send {
        let future = self.clone()(socket, args);
        async move { Some(encode(None, &future.await)) }
    }
}

impl<S, F, Fut> Handler<S, (Args, Ack)> for F
where
    F: FnOnce(S, Args, Ack) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    type Decoded = Args;
    const TAKES_ACK: bool = true;

    fn call(
        &self,
        socket: S,
        args: Args,
        ack: Ack,
    ) -> impl Future<Output = Returned> + Send {
        let future = self.clone()(socket, args, ack);
        async move {
            future.await;
            None
        }
    }
}

macro_rules! handlers {
    ($(($($name:ident $ty:ident),*)),* $(,)?) => {$(
        impl<Handle, Func, Fut, Ret, $($ty),*> Handler<Handle, ($($ty,)*)> for Func
        where
            Func: FnOnce(Handle, $($ty),*) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future<Output = Ret> + Send + 'static,
            Ret: IntoArgs,
            $($ty: DeserializeOwned + Send + 'static,)*
        {
            type Decoded = ($($ty,)*);
            const TAKES_ACK: bool = false;

            fn call(
                &self,
                socket: Handle,
                ($($name,)*): Self::Decoded,
                _: Ack,
            ) -> impl Future<Output = Returned> + Send {
                let future = self.clone()(socket, $($name),*);
                async move { Some(encode(None, &future.await)) }
            }
        }

        impl<Handle, Func, Fut, $($ty),*> Handler<Handle, ($($ty,)* Ack,)> for Func
        where
            Func: FnOnce(Handle, $($ty,)* Ack) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future<Output = ()> + Send + 'static,
            $($ty: DeserializeOwned + Send + 'static,)*
        {
            type Decoded = ($($ty,)*);
            const TAKES_ACK: bool = true;

            fn call(
                &self,
                socket: Handle,
                ($($name,)*): Self::Decoded,
                ack: Ack,
            ) -> impl Future<Output = Returned> + Send {
                let future = self.clone()(socket, $($name,)* ack);
                async move {
                    future.await;
                    None
                }
            }
        }
    )*};
}

handlers!(
    (),
    (a A),
    (a A, b B),
    (a A, b B, c C),
    (a A, b B, c C, d D),
    (a A, b B, c C, d D, e E),
    (a A, b B, c C, d D, e E, f F),
);

/// A handler without its types.
pub(crate) trait ErasedHandler<S>: Send + Sync {
    /// Decodes the arguments; the function is called when the future is polled. `ack` is
    /// asked if the function has a parameter for it.
    fn start(
        self: Arc<Self>,
        socket: S,
        raw: RawArgs<'_>,
        ack: &mut dyn FnMut() -> Ack,
    ) -> Result<Running<Returned>, serde_json::Error>;
}

struct Erased<H, Signature>(H, PhantomData<fn() -> Signature>);

impl<S, H, Signature> ErasedHandler<S> for Erased<H, Signature>
where
    S: Send + 'static,
    H: Handler<S, Signature>,
    Signature: 'static,
{
    fn start(
        self: Arc<Self>,
        socket: S,
        raw: RawArgs<'_>,
        ack: &mut dyn FnMut() -> Ack,
    ) -> Result<Running<Returned>, serde_json::Error> {
        let args: H::Decoded = raw.decode()?;
        let ack = if H::TAKES_ACK { ack() } else { Ack::none() };
        Ok(Box::pin(
            async move { self.0.call(socket, args, ack).await },
        ))
    }
}

type Callback<A, R> = Arc<dyn Fn(A) -> Running<R> + Send + Sync>;

/// A listener to what is sent. It is called by the sender, and so is not async.
pub(crate) type Outgoing = Arc<dyn Fn(&str, &Args) + Send + Sync>;

/// A function that is not called by an event's name.
pub(crate) enum Hook<S> {
    Middleware(Callback<(S, Event), Result<Event, String>>),
    /// With the flag, the function wants the [`Ack`].
    Any(bool, Callback<(S, Event, Ack), ()>),
    Outgoing(Outgoing),
    Upgrade(Callback<S, ()>),
    Disconnecting(Callback<(S, DisconnectReason), ()>),
    Disconnect(Callback<(S, DisconnectReason), ()>),
}

impl<S> Clone for Hook<S> {
    fn clone(&self) -> Self {
        match self {
            Self::Middleware(call) => Self::Middleware(call.clone()),
            Self::Any(acks, call) => Self::Any(*acks, call.clone()),
            Self::Outgoing(call) => Self::Outgoing(call.clone()),
            Self::Upgrade(call) => Self::Upgrade(call.clone()),
            Self::Disconnecting(call) => Self::Disconnecting(call.clone()),
            Self::Disconnect(call) => Self::Disconnect(call.clone()),
        }
    }
}

/// A handler of one event's name.
pub(crate) struct Registered<S> {
    pub(crate) id: HandlerId,
    /// Removed when it is called.
    pub(crate) once: bool,
    pub(crate) handler: Arc<dyn ErasedHandler<S>>,
}

impl<S> Clone for Registered<S> {
    fn clone(&self) -> Self {
        Self {
            handler: self.handler.clone(),
            ..*self
        }
    }
}

/// A socket's handlers.
pub(crate) struct Handlers<S> {
    /// In the order of registration. A handful: a list is smaller than a map, and as
    /// fast.
    events: Vec<(Box<str>, Registered<S>)>,
    hooks: Vec<(HandlerId, Hook<S>)>,
}

/// The handlers of an event. For most there is one, and nothing is allocated.
pub(crate) struct Found<S> {
    /// Middleware, and the handlers of every event.
    pub(crate) hooks: Vec<Hook<S>>,
    pub(crate) first: Option<Registered<S>>,
    pub(crate) others: Vec<Registered<S>>,
}

impl<S> Default for Found<S> {
    fn default() -> Self {
        Self {
            hooks: Vec::new(),
            first: None,
            others: Vec::new(),
        }
    }
}

/// Handlers that were removed. To be dropped without a lock: that can run a user's code.
pub(crate) type Removed<S> = (Vec<(Box<str>, Registered<S>)>, Option<Hook<S>>);

impl<S> Default for Handlers<S> {
    fn default() -> Self {
        Self {
            events: Vec::new(),
            hooks: Vec::new(),
        }
    }
}

impl<S: Send + 'static> Handlers<S> {
    /// Adds a handler of an event.
    pub(crate) fn on<H: Handler<S, Signature>, Signature: 'static>(
        &mut self,
        event: &str,
        once: bool,
        handler: H,
    ) -> HandlerId {
        let id = HandlerId::next();
        let handler = Arc::new(Erased(handler, PhantomData));
        let registered = Registered { id, once, handler };
        self.events.push((event.into(), registered));
        id
    }

    /// Adds a function that is called after the others of its kind, or before them.
    pub(crate) fn hook(&mut self, prepend: bool, hook: Hook<S>) -> HandlerId {
        let id = HandlerId::next();
        let at = if prepend { 0 } else { self.hooks.len() };
        self.hooks.insert(at, (id, hook));
        id
    }

    /// Removes what was registered under this id.
    pub(crate) fn remove(&mut self, id: HandlerId) -> Removed<S> {
        let event = self.events.iter().position(|(_, it)| it.id == id);
        let hook = self.hooks.iter().position(|(other, _)| *other == id);
        (
            event
                .map(|index| self.events.remove(index))
                .into_iter()
                .collect(),
            hook.map(|index| self.hooks.remove(index).1),
        )
    }

    /// Removes all handlers of an event.
    pub(crate) fn remove_all(&mut self, event: &str) -> Removed<S> {
        let removed = self.events.extract_if(.., |(name, _)| **name == *event);
        (removed.collect(), None)
    }

    pub(crate) fn of(&self, event: &str) -> Found<S> {
        let mut own = self.events.iter().filter(|(name, _)| **name == *event);
        let mut next = || own.next().map(|(_, registered)| registered.clone());
        Found {
            hooks: self.hooks(|it| matches!(it, Hook::Middleware(_) | Hook::Any(..))),
            first: next(),
            others: std::iter::from_fn(next).collect(),
        }
    }

    /// The hooks of some kinds, in their order.
    pub(crate) fn hooks(&self, wanted: impl Fn(&Hook<S>) -> bool) -> Vec<Hook<S>> {
        let hooks = self.hooks.iter().map(|(_, hook)| hook);
        hooks.filter(|hook| wanted(hook)).cloned().collect()
    }

    /// Whether something would be called for an event of this name.
    pub(crate) fn listens(&self, event: &str) -> bool {
        self.events.iter().any(|(name, _)| **name == *event)
            || self.has(|it| matches!(it, Hook::Middleware(_) | Hook::Any(..)))
    }

    pub(crate) fn has(&self, wanted: impl Fn(&Hook<S>) -> bool) -> bool {
        self.hooks.iter().any(|(_, hook)| wanted(hook))
    }
}

/// Makes middleware of a user's function.
pub(crate) fn middleware<S, F, Fut, E>(check: F) -> Hook<S>
where
    S: Send + 'static,
    F: FnOnce(S, Event) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Event, E>> + Send + 'static,
    E: Display,
{
    Hook::Middleware(Arc::new(move |(socket, event)| {
        let check = check.clone();
        Box::pin(async move {
            let verdict = check(socket, event).await;
            verdict.map_err(|reason| reason.to_string())
        })
    }))
}

/// Makes a callback of a user's function.
pub(crate) fn callback<A, F, Fut>(call: F) -> Callback<A, ()>
where
    A: Send + 'static,
    F: FnOnce(A) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    Arc::new(move |args| {
        let call = call.clone();
        Box::pin(async move { call(args).await })
    })
}
