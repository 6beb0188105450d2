//! The server as a [tower](https://docs.rs/tower) service, for axum and other frameworks
//! that are built on tower. Needs the cargo feature `tower`.
//!
//! A [`service`] answers every request that it is given: mount it under a path. A
//! [`layer`] picks the requests below [`Config::path`](crate::Config::path) and passes
//! the others on. Both work below `axum::serve` and below our own [`serve`]. Another HTTP
//! server does not report the clients' addresses: add a [`Peer`] to each request there.
//!
//! With axum (the example `axum` is the whole program):
//!
#![cfg_attr(not(feature = "example-axum"), doc = "```ignore")]
#![cfg_attr(feature = "example-axum", doc = "```no_run")]
//! use axum::{Router, routing::get};
//! use engine_io::{ServeLimits, Server};
//!
//! # async fn example(server: Server, listener: tokio::net::TcpListener) -> std::io::Result<()> {
//! let router = Router::new()
//!     .route("/", get(async || "Sessions are below /engine.io."))
//!     .nest_service("/engine.io", engine_io::tower::service(&server));
//! // The same, where the server says itself which requests are its own.
//! let router = router.layer(engine_io::tower::layer(&server));
//! let limits = ServeLimits::default();
//! engine_io::tower::serve(listener, router, limits, std::future::pending()).await
//! # }
//! ```

use std::any::Any;
use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http::{Request, Response};
use http_body_util::{BodyDataStream, Either, Full};
use hyper::body::Body;
use hyper::upgrade::OnUpgrade;
use hyper_util::service::TowerToHyperService;

use crate::body::RequestBody;
use crate::limits::ServeLimits;
use crate::listener::Listener;
use crate::peer::Peer;
use crate::respond::respond;
use crate::serve::accept_loop;
use crate::server::Server;

type BoxError = Box<dyn Error + Send + Sync>;
type Answer<B, E> = Pin<Box<dyn Future<Output = Result<Response<B>, E>> + Send>>;

/// Returns the server as a service. It answers every request that it is given, whatever
/// the path.
pub fn service(server: &Server) -> Service {
    Service {
        server: server.clone(),
        keeps: None,
    }
}

/// Returns the server as a layer: it answers the requests to
/// [`Config::path`](crate::Config::path) and below, and the service within gets the
/// others.
pub fn layer(server: &Server) -> Layer {
    Layer(service(server))
}

/// Serves `service` on `listener` until `shutdown` completes, within `limits`: as
/// [`run`](crate::run) does with a filter. An axum `Router` is such a service.
///
/// # Errors
/// As [`run`](crate::run).
pub async fn serve<S, B>(
    listener: impl Listener,
    service: S,
    limits: ServeLimits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()>
where
    S: tower_service::Service<Request<RequestBody>, Response = Response<B>>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let service = TowerToHyperService::new(service);
    accept_loop(listener, service, limits, shutdown).await
}

/// A [`Server`] as a service.
#[derive(Clone)]
pub struct Service {
    server: Server,
    keeps: Option<Arc<dyn Any + Send + Sync>>,
}

impl Service {
    /// Keeps `owner` alive for as long as a copy of this service exists. That is useful if
    /// the server has only a weak reference to its application.
    ///
    /// ```
    /// # struct Unused;
    /// # impl engine_io::Application for Unused {
    /// #     fn open(&self, _: engine_io::Session) -> std::sync::Arc<dyn engine_io::Receiver> { unimplemented!() }
    /// # }
    /// # let server = engine_io::Server::new(engine_io::Config::default(), Unused);
    /// let rooms = std::sync::Arc::new(["tea", "coffee"]);
    /// let service = engine_io::tower::service(&server).keeping(rooms);
    /// ```
    #[must_use]
    pub fn keeping(mut self, owner: impl Any + Send + Sync) -> Self {
        self.keeps = Some(Arc::new(owner));
        self
    }

    /// Returns this service as a layer: see [`layer`].
    pub fn into_layer(self) -> Layer {
        Layer(self)
    }

    fn respond<B>(&self, request: Request<B>) -> Answer<Full<Bytes>, Infallible>
    where
        B: Body<Data: Buf + Send, Error: Send> + Send + 'static,
    {
        let (mut parts, body) = request.into_parts();
        let request = crate::request::Request {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            peer: parts.extensions.remove::<Peer>(),
            on_upgrade: parts.extensions.remove::<OnUpgrade>(),
        };
        let service = self.clone();
        Box::pin(async move {
            let body = BodyDataStream::new(body);
            let response = respond(&service.server, request, body).await;
            Ok(response.map(Full::new))
        })
    }
}

impl<B> tower_service::Service<Request<B>> for Service
where
    B: Body<Data: Buf + Send, Error: Send> + Send + 'static,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Answer<Full<Bytes>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.respond(request)
    }
}

/// Puts a [`Server`] in front of another service: see [`layer`].
#[derive(Clone)]
pub struct Layer(Service);

impl<S> tower_layer::Layer<S> for Layer {
    type Service = Layered<S>;

    fn layer(&self, inner: S) -> Layered<S> {
        Layered {
            engine: self.0.clone(),
            inner,
        }
    }
}

/// A service with a [`Server`] in front.
#[derive(Clone)]
pub struct Layered<S> {
    engine: Service,
    inner: S,
}

impl<S, B, R> tower_service::Service<Request<B>> for Layered<S>
where
    S: tower_service::Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    B: Body<Data: Buf + Send, Error: Send> + Send + 'static,
{
    type Response = Response<Either<Full<Bytes>, R>>;
    type Error = S::Error;
    type Future = Answer<Either<Full<Bytes>, R>, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if self.engine.server.config().covers(request.uri().path()) {
            let answer = self.engine.respond(request);
            return Box::pin(async move {
                let Ok(response) = answer.await;
                Ok(response.map(Either::Left))
            });
        }
        let answer = self.inner.call(request);
        Box::pin(async move { Ok(answer.await?.map(Either::Right)) })
    }
}
