//! The application's hooks: a check before a session exists, extra headers on responses,
//! and reports of refused requests.
//!
//! Each hook is absent unless it is set, and then costs nothing. A hook that panics
//! refuses the request for which it was called; its session, if there is one, goes on.

use std::borrow::Cow;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use http::HeaderMap;
use tokio::time::timeout;

use crate::guard::{guarded, log_panic};
use crate::head::RequestHead;
use crate::refusal::{Refusal, Refused};

/// The answer of [`Hooks::allow_request`].
type Check = Pin<Box<dyn Future<Output = Result<(), Cow<'static, str>>> + Send>>;
type Allow = Arc<dyn Fn(RequestHead) -> Check + Send + Sync>;
type Headers = Arc<dyn Fn(&mut HeaderMap, &RequestHead) + Send + Sync>;
type Report = Arc<dyn Fn(&ConnectionError) + Send + Sync>;

/// Functions of the application that the server calls about requests:
/// [`Config::hooks`](crate::Config::hooks).
///
/// A hook that panics refuses the request for which it was called, with 500, and that is
/// logged as an error; nothing else ends. The reference server has the same hooks: the
/// option `allowRequest`, and the events `initial_headers`, `headers` and
/// `connection_error`.
///
/// ```
/// use engine_io::{Config, Hooks};
/// use http::HeaderValue;
///
/// let hooks = Hooks::default()
///     .allow_request(|request| async move {
///         // Perhaps the database is asked.
///         match request.header("x-token") {
///             Some("let me in") => Ok(()),
///             _ => Err("a token is missing"),
///         }
///     })
///     .initial_headers(|headers, _request| {
///         headers.insert("x-server", HeaderValue::from_static("one of many"));
///     })
///     .connection_error(|error| {
///         eprintln!("{:?} was refused: {}", error.request.remote_addr, error.message);
///     });
/// let config = Config { hooks, ..Config::default() };
/// ```
#[derive(Clone, Default)]
pub struct Hooks {
    allow: Option<Allow>,
    initial: Option<Headers>,
    every: Option<Headers>,
    report: Option<Report>,
}

impl Hooks {
    /// Asks `check` before a session is opened, over either transport. An error refuses
    /// the request with 403 and code 4, and the error is the message that the client
    /// gets. A check that takes longer than
    /// [`Config::check_timeout`](crate::Config::check_timeout) has refused.
    ///
    /// An `async` closure that captures cannot be passed here: clone what it needs and
    /// move that into an `async move` block.
    #[must_use]
    pub fn allow_request<F, R, E>(mut self, check: F) -> Self
    where
        F: Fn(RequestHead) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Cow<'static, str>>,
    {
        self.allow = Some(Arc::new(move |request| {
            let answer = check(request);
            Box::pin(async move { answer.await.map_err(Into::into) })
        }));
        self
    }

    /// Lets `add` add headers to the response with which a session opens: its first poll,
    /// or the handshake of its WebSocket. They replace the server's own of the same name.
    #[must_use]
    pub fn initial_headers(
        mut self,
        add: impl Fn(&mut HeaderMap, &RequestHead) + Send + Sync + 'static,
    ) -> Self {
        self.initial = Some(Arc::new(add));
        self
    }

    /// Lets `add` add headers to each response that is not a refusal, that of
    /// [`initial_headers`](Self::initial_headers) included. Called before the request is
    /// carried out.
    ///
    /// ```
    /// use http::HeaderValue;
    ///
    /// let hooks = engine_io::Hooks::default().headers(|headers, _request| {
    ///     headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    /// });
    /// ```
    #[must_use]
    pub fn headers(
        mut self,
        add: impl Fn(&mut HeaderMap, &RequestHead) + Send + Sync + 'static,
    ) -> Self {
        self.every = Some(Arc::new(add));
        self
    }

    /// Tells `report` of each request that is refused, and of each WebSocket that is
    /// turned away because no session can be opened. It must not block. If it panics, the
    /// request is refused all the same.
    #[must_use]
    pub fn connection_error(
        mut self,
        report: impl Fn(&ConnectionError) + Send + Sync + 'static,
    ) -> Self {
        self.report = Some(Arc::new(report));
        self
    }

    /// Asks whether a session may open.
    pub(crate) async fn ask(
        &self,
        head: impl FnOnce() -> RequestHead,
        patience: Duration,
    ) -> Result<(), Refused> {
        let Some(allow) = &self.allow else {
            return Ok(());
        };
        let head = head();
        let answer = guarded("allow_request", || allow(head)).ok_or(Refusal::Internal)?;
        let answer = AssertUnwindSafe(answer).catch_unwind();
        match timeout(patience, answer).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(message))) => Err(Refused::with(Refusal::Forbidden, message)),
            Ok(Err(panic)) => {
                log_panic("allow_request", &*panic);
                Err(Refusal::Internal.into())
            }
            Err(_) => Err(Refused::with(Refusal::Forbidden, "the check took too long")),
        }
    }

    /// Returns whether the application may add headers to responses.
    pub(crate) fn adds_headers(&self) -> bool {
        self.initial.is_some() || self.every.is_some()
    }

    /// Returns the headers that the application adds to the response.
    pub(crate) fn extra_headers(
        &self,
        head: impl FnOnce() -> RequestHead,
        initial: bool,
    ) -> Result<Option<Box<HeaderMap>>, Refusal> {
        let first = self.initial.as_ref().filter(|_| initial);
        if first.is_none() && self.every.is_none() {
            return Ok(None);
        }
        let mut extra = Box::<HeaderMap>::default();
        let head = head();
        for add in [first, self.every.as_ref()].into_iter().flatten() {
            guarded("headers", || add(&mut extra, &head)).ok_or(Refusal::Internal)?;
        }
        Ok(Some(extra))
    }

    /// Returns the request's head if a refusal of it would be reported.
    pub(crate) fn reports(
        &self,
        head: impl FnOnce() -> RequestHead,
    ) -> Option<Box<RequestHead>> {
        let report = self.report.as_ref();
        report.map(|_| Box::new(head()))
    }

    /// Reports a refusal of the request with this head.
    pub(crate) fn refused(&self, refused: &Refused, head: Option<Box<RequestHead>>) {
        if let (Some(report), Some(request)) = (&self.report, head) {
            let error = ConnectionError {
                refusal: refused.refusal,
                message: refused.message(),
                request: *request,
            };
            guarded("connection_error", || report(&error));
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("allow_request", &self.allow.is_some())
            .field("initial_headers", &self.initial.is_some())
            .field("headers", &self.every.is_some())
            .field("connection_error", &self.report.is_some())
            .finish()
    }
}

/// A request that was refused, for [`Hooks::connection_error`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConnectionError {
    /// Why, with the code that the client was sent.
    pub refusal: Refusal,
    /// The message that the client was sent.
    pub message: Cow<'static, str>,
    /// The request.
    pub request: RequestHead,
}
