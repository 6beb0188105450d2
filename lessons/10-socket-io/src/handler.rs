//! Handlers: an async function of a socket and an event's arguments, made callable by the
//! event's name.
//!
//! `Fn(Socket, A, B) -> Future<Output = R>` for any decodable `A` and `B` and any
//! sendable `R` becomes one shape that a table can hold. What the handler returns is the
//! acknowledgement, as in gevent-socketio's `return True, nickname`. The handle is a type
//! parameter: nothing here knows what a socket can do.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::reason::DisconnectReason;
use crate::wire::args::{Args, Encoded, FromArgs, IntoArgs, RawArgs, encode};

/// A handler that has its arguments and runs; its result is what the acknowledgement
/// carries.
pub(crate) type Running =
    Pin<Box<dyn Future<Output = Result<Encoded, serde_json::Error>> + Send>>;

pub(crate) type Job = Pin<Box<dyn Future<Output = ()> + Send>>;
pub(crate) type OnAny<S> = Arc<dyn Fn(S, String, Args) -> Job + Send + Sync>;
pub(crate) type OnDisconnect<S> = Arc<dyn Fn(S, DisconnectReason) -> Job + Send + Sync>;

/// An async function that can handle an event: `async |socket: Socket, first: String,
/// second: u32| { … }`, with up to six arguments, or with [`Args`] for all of them.
///
/// `Handle` is [`Socket`](crate::Socket). `Signature` is inferred; it keeps functions of
/// different arity apart. A handler that panics is over, and the client gets
/// `false, "internal error"` as its acknowledgement; the socket's next event is handled.
pub trait Handler<Handle, Signature>: Send + Sync + 'static {
    /// The types that an event's arguments are decoded into.
    #[doc(hidden)]
    type Decoded: FromArgs + Send + 'static;

    /// Calls the function, and writes down what it returns.
    #[doc(hidden)]
    fn call(
        &self,
        socket: Handle,
        args: Self::Decoded,
    ) -> impl Future<Output = Result<Encoded, serde_json::Error>> + Send;
}

impl<S, F, Fut, R> Handler<S, Args> for F
where
    F: Fn(S, Args) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = R> + Send + 'static,
    R: IntoArgs,
{
    type Decoded = Args;

    fn call(
        &self,
        socket: S,
        args: Args,
    ) -> impl Future<Output = Result<Encoded, serde_json::Error>> + Send {
        let future = self(socket, args);
        async move { encode(None, &future.await) }
    }
}

macro_rules! handlers {
    ($(($($name:ident $ty:ident),*)),* $(,)?) => {$(
        impl<Handle, Func, Fut, Ret, $($ty),*> Handler<Handle, ($($ty,)*)> for Func
        where
            Func: Fn(Handle, $($ty),*) -> Fut + Send + Sync + 'static,
            Fut: Future<Output = Ret> + Send + 'static,
            Ret: IntoArgs,
            $($ty: DeserializeOwned + Send + 'static,)*
        {
            type Decoded = ($($ty,)*);

            fn call(
                &self,
                socket: Handle,
                ($($name,)*): Self::Decoded,
            ) -> impl Future<Output = Result<Encoded, serde_json::Error>> + Send {
                let future = self(socket, $($name),*);
                async move { encode(None, &future.await) }
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
    /// Decodes the arguments; the function is called when the future is polled.
    fn start(
        self: Arc<Self>,
        socket: S,
        raw: RawArgs<'_>,
    ) -> Result<Running, serde_json::Error>;
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
    ) -> Result<Running, serde_json::Error> {
        let args: H::Decoded = raw.decode()?;
        Ok(Box::pin(async move { self.0.call(socket, args).await }))
    }
}

/// A socket's handlers.
pub(crate) struct Handlers<S> {
    /// A handful: a list is smaller than a map, and as fast.
    events: Vec<(Box<str>, Arc<dyn ErasedHandler<S>>)>,
    any: Vec<OnAny<S>>,
    disconnect: Vec<OnDisconnect<S>>,
}

impl<S> Default for Handlers<S> {
    fn default() -> Self {
        Self {
            events: Vec::new(),
            any: Vec::new(),
            disconnect: Vec::new(),
        }
    }
}

/// A handler that was replaced. Dropping it can run a user's code.
pub(crate) type Replaced<S> = Option<Arc<dyn ErasedHandler<S>>>;

impl<S: Send + 'static> Handlers<S> {
    /// Sets the handler of an event. Returns the one before, to be dropped without a
    /// lock.
    pub(crate) fn on<H: Handler<S, Signature>, Signature: 'static>(
        &mut self,
        event: &str,
        handler: H,
    ) -> Replaced<S> {
        let handler: Arc<dyn ErasedHandler<S>> = Arc::new(Erased(handler, PhantomData));
        let slot = self.events.iter_mut().find(|(name, _)| **name == *event);
        if let Some((_, slot)) = slot {
            return Some(std::mem::replace(slot, handler));
        }
        self.events.push((event.into(), handler));
        None
    }

    pub(crate) fn on_any(&mut self, handler: OnAny<S>) {
        self.any.push(handler);
    }

    pub(crate) fn on_disconnect(&mut self, handler: OnDisconnect<S>) {
        self.disconnect.push(handler);
    }

    /// The handlers of an event: those of all events, and its own.
    pub(crate) fn of(&self, event: &str) -> (Vec<OnAny<S>>, Replaced<S>) {
        let own = self.events.iter().find(|(name, _)| **name == *event);
        (self.any.clone(), own.map(|(_, handler)| handler.clone()))
    }

    /// Whether an event of this name would be handled.
    pub(crate) fn listens(&self, event: &str) -> bool {
        !self.any.is_empty() || self.events.iter().any(|(name, _)| **name == *event)
    }

    pub(crate) fn into_disconnect(self) -> Vec<OnDisconnect<S>> {
        self.disconnect
    }
}
