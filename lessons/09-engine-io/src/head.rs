//! A request without its body, for the application's hooks.

use std::net::SocketAddr;

use http::{HeaderMap, Method};

/// A request without its body, as the [hooks](crate::Hooks) get to see it.
///
/// ```
/// use engine_io::{Config, Hooks, RequestHead};
///
/// fn check(request: &RequestHead) -> Result<(), &'static str> {
///     if request.secure { Ok(()) } else { Err("HTTPS, please") }
/// }
/// let hooks = Hooks::default().allow_request(async |request| check(&request));
/// let config = Config { hooks, ..Config::default() };
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct RequestHead {
    /// `GET`, `POST` or `OPTIONS`.
    pub method: Method,
    /// The path, without the query.
    pub path: String,
    /// The query string, without its `?`.
    pub query: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The client's address, when the server knows it: the connection's, or the one that
    /// a [trusted proxy](crate::Config::trusted_proxies) names, then with port 0.
    pub remote_addr: Option<SocketAddr>,
    /// Whether the connection is encrypted, here or at a trusted proxy that says so with
    /// `X-Forwarded-Proto`.
    pub secure: bool,
}

impl RequestHead {
    /// Returns the first value of a header, if it is text.
    ///
    /// ```
    /// # let request = engine_io::RequestHead::default();
    /// let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    /// assert_eq!(token, None);
    /// ```
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the query's names and values, decoded.
    ///
    /// ```
    /// # let request = engine_io::RequestHead::default();
    /// let room = request.query_pairs().find(|(name, _)| name == "room");
    /// assert_eq!(room, None);
    /// ```
    pub fn query_pairs(&self) -> form_urlencoded::Parse<'_> {
        form_urlencoded::parse(self.query.as_bytes())
    }
}

impl std::fmt::Debug for RequestHead {
    /// Without the headers' values: cookies are among them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestHead")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("remote_addr", &self.remote_addr)
            .finish_non_exhaustive()
    }
}
