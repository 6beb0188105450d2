//! Handlers: an async function of a socket and an event's arguments, made callable by the
//! event's name.
//!
//! `Fn(Socket, A, B) -> Future<Output = R>` for any decodable `A` and `B` and any
//! sendable `R` becomes one shape that a table can hold. What the handler returns is the
//! acknowledgement, as in gevent-socketio's `return True, nickname`.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::socket::Socket;
use crate::wire::args::{Args, Encoded, FromArgs, IntoArgs, RawArgs, encode};

/// A handler that has its arguments and runs; its result is what the acknowledgement
/// carries.
pub(crate) type Running =
    Pin<Box<dyn Future<Output = Result<Encoded, serde_json::Error>> + Send>>;

/// An async function that can handle an event: `async |socket: Socket, first: String,
/// second: u32| { … }`, with up to six arguments, or with [`Args`] for all of them.
///
/// `Signature` is inferred; it keeps functions of different arity apart.
pub trait Handler<Signature>: Send + Sync + 'static {
    /// What an event's arguments are decoded into.
    #[doc(hidden)]
    type Decoded: FromArgs + Send + 'static;

    /// Calls the function, and writes down what it returns.
    #[doc(hidden)]
    fn call(
        &self,
        socket: Socket,
        args: Self::Decoded,
    ) -> impl Future<Output = Result<Encoded, serde_json::Error>> + Send;
}

impl<F, Fut, R> Handler<Args> for F
where
    F: Fn(Socket, Args) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = R> + Send + 'static,
    R: IntoArgs,
{
    type Decoded = Args;

    fn call(
        &self,
        socket: Socket,
        args: Args,
    ) -> impl Future<Output = Result<Encoded, serde_json::Error>> + Send {
        let future = self(socket, args);
        async move { encode(None, &future.await) }
    }
}

macro_rules! handlers {
    ($(($($name:ident $ty:ident),*)),* $(,)?) => {$(
        impl<Func, Fut, Ret, $($ty),*> Handler<($($ty,)*)> for Func
        where
            Func: Fn(Socket, $($ty),*) -> Fut + Send + Sync + 'static,
            Fut: Future<Output = Ret> + Send + 'static,
            Ret: IntoArgs,
            $($ty: DeserializeOwned + Send + 'static,)*
        {
            type Decoded = ($($ty,)*);

            fn call(
                &self,
                socket: Socket,
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
pub(crate) trait ErasedHandler: Send + Sync {
    /// Decodes the arguments now; the function is called when the future is polled, which
    /// is when its turn has come.
    fn start(
        self: Arc<Self>,
        socket: Socket,
        raw: RawArgs<'_>,
    ) -> Result<Running, serde_json::Error>;
}

pub(crate) struct Erased<H, Signature>(H, PhantomData<fn() -> Signature>);

impl<H, Signature> Erased<H, Signature> {
    pub(crate) fn new(handler: H) -> Self {
        Self(handler, PhantomData)
    }
}

impl<H: Handler<Signature>, Signature: 'static> ErasedHandler for Erased<H, Signature> {
    fn start(
        self: Arc<Self>,
        socket: Socket,
        raw: RawArgs<'_>,
    ) -> Result<Running, serde_json::Error> {
        let args = H::Decoded::from_args(raw)?;
        Ok(Box::pin(async move { self.0.call(socket, args).await }))
    }
}
