//! The part of its first request that a session keeps, as bytes within a limit.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::time::SystemTime;

use http::HeaderMap;

/// The client's first request, which is always a GET.
///
/// It is kept for as long as the session lives, so it is kept as the bytes that came: no
/// map, nothing for each header but its text. [`Config::max_handshake`] bounds it.
///
/// [`Config::max_handshake`]: crate::Config::max_handshake
/// ```
/// # fn example(session: engine_io::Session) {
/// let request = session.handshake();
/// println!("{} asked for {}", request.header("user-agent").unwrap_or("a program"), request.url());
/// println!("in the room {:?}", request.parameter("room"));
/// println!("{:?}", request.query_pairs().collect::<Vec<_>>());
/// println!("at {:?}, encrypted: {}", request.time, request.secure);
/// # }
/// ```
#[derive(Clone)]
pub struct Handshake {
    /// The query string, without its `?`.
    pub query: String,
    /// The path, and lines of `name:value`. None of them can hold a line feed.
    lines: Box<[u8]>,
    /// The client's address, when the server knows it: the connection's, or the one that
    /// a [trusted proxy](crate::Config::trusted_proxies) names, then with port 0.
    pub remote_addr: Option<SocketAddr>,
    /// Whether the connection was encrypted, here or at a trusted proxy that says so with
    /// `X-Forwarded-Proto`.
    pub secure: bool,
    /// When the request came.
    pub time: SystemTime,
}

impl Default for Handshake {
    fn default() -> Self {
        Self {
            query: String::new(),
            lines: Box::default(),
            remote_addr: None,
            secure: false,
            time: SystemTime::UNIX_EPOCH,
        }
    }
}

impl Handshake {
    /// Returns a request with this query and these headers, for
    /// [`Server::carry`](crate::Server::carry). A header with a control character in it is
    /// left out.
    ///
    /// ```
    /// let request = engine_io::Handshake::new("EIO=4", [("Cookie", "user=ann")]);
    /// assert_eq!(request.header("cookie"), Some("user=ann"));
    /// ```
    pub fn new<'a>(
        query: &str,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        // No path: the request was never sent.
        let mut kept = String::from("\n");
        for (name, value) in headers {
            if !name.chars().chain(value.chars()).any(char::is_control) {
                kept.push_str(&name.to_ascii_lowercase());
                kept.push(':');
                kept.push_str(value);
                kept.push('\n');
            }
        }
        Self {
            query: query.into(),
            lines: kept.into_bytes().into(),
            time: SystemTime::now(),
            ..Self::default()
        }
    }

    /// Keeps a copy, so that the request's buffer can go. `None` if the path, the query
    /// and the headers have more than `max` bytes.
    pub(crate) fn keep(
        path: &str,
        query: &str,
        headers: &HeaderMap,
        remote_addr: Option<SocketAddr>,
        secure: bool,
        max: usize,
    ) -> Option<Self> {
        let lines = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            name.as_str().len() + value.len() + 2
        };
        let len = path.len() + 1 + headers.iter().map(lines).sum::<usize>();
        if query.len() + len > max {
            return None;
        }
        let mut kept = Vec::with_capacity(len);
        kept.extend_from_slice(path.as_bytes());
        kept.push(b'\n');
        for (name, value) in headers {
            kept.extend_from_slice(name.as_str().as_bytes());
            kept.push(b':');
            kept.extend_from_slice(value.as_bytes());
            kept.push(b'\n');
        }
        Some(Self {
            query: query.into(),
            lines: kept.into(),
            remote_addr,
            secure,
            time: SystemTime::now(),
        })
    }

    /// Returns the path and the query, as they were written.
    pub fn url(&self) -> String {
        match (self.path(), self.query.as_str()) {
            (path, "") => path.to_owned(),
            (path, query) => format!("{path}?{query}"),
        }
    }

    /// Returns the path, as it was written.
    pub fn path(&self) -> &str {
        let path = self.lines.split(|byte| *byte == b'\n').next();
        std::str::from_utf8(path.unwrap_or_default()).unwrap_or_default()
    }

    /// Returns the query's names and values, decoded.
    pub fn query_pairs(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        form_urlencoded::parse(self.query.as_bytes())
    }

    /// Returns the first value of a parameter of the query, decoded.
    pub fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        self.query_pairs()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Returns the first value of a header, if it is text.
    ///
    /// ```
    /// # fn example(session: engine_io::Session) {
    /// let browser = session.handshake().header("user-agent").unwrap_or("a program");
    /// # }
    /// ```
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }

    /// Returns the names, in lower case, and the values of all headers.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.lines
            .split(|byte| *byte == b'\n')
            .skip(1)
            .filter_map(|line| {
                let colon = line.iter().position(|byte| *byte == b':')?;
                let name = std::str::from_utf8(&line[..colon]).ok()?;
                Some((name, &line[colon + 1..]))
            })
    }
}

/// Returns a parameter of a query, as it was written.
pub(crate) fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key == name).then_some(value)
    })
}

impl fmt::Debug for Handshake {
    /// Without the headers' values: cookies are among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers().map(|(name, _)| name).collect();
        f.debug_struct("Handshake")
            .field("path", &self.path())
            .field("query", &self.query)
            .field("headers", &names)
            .field("remote_addr", &self.remote_addr)
            .field("secure", &self.secure)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers() -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.append("cookie", HeaderValue::from_static("a=b: c"));
        headers.append("x-bytes", HeaderValue::from_bytes(b"\xff\t1").unwrap());
        headers.append("x-empty", HeaderValue::from_static(""));
        headers
    }

    fn keep(query: &str, headers: &HeaderMap, max: usize) -> Option<Handshake> {
        Handshake::keep("/chat/", query, headers, None, true, max)
    }

    #[test]
    fn headers_are_found_as_they_came() {
        let kept = keep("EIO=4&b64=1", &headers(), 1000).unwrap();
        assert_eq!(kept.header("Cookie"), Some("a=b: c"));
        assert_eq!(kept.header("x-empty"), Some(""));
        assert_eq!(kept.header("x-bytes"), None, "it is not text");
        assert_eq!(kept.header("cook"), None);
        let all: Vec<_> = kept.headers().collect();
        assert_eq!(all[1], ("x-bytes", &b"\xff\t1"[..]));
        assert_eq!(all.len(), 3);
    }

    #[test]
    fn the_request_s_parts_are_kept() {
        let kept =
            keep("EIO=4&name=J%C3%BCrgen+A&name=x&flag", &headers(), 1000).unwrap();
        assert_eq!(kept.path(), "/chat/");
        assert_eq!(kept.url(), "/chat/?EIO=4&name=J%C3%BCrgen+A&name=x&flag");
        assert_eq!(keep("", &headers(), 1000).unwrap().url(), "/chat/");
        assert_eq!(kept.parameter("name").as_deref(), Some("Jürgen A"));
        assert_eq!(kept.parameter("flag").as_deref(), Some(""));
        assert_eq!(kept.parameter("nam"), None);
        assert_eq!(kept.query_pairs().count(), 4);
        assert!(kept.secure && kept.time.elapsed().is_ok());
    }

    #[test]
    fn the_limit_counts_every_byte_that_is_kept() {
        let size = "/chat/\ncookie:a=b: c\nx-bytes:123\nx-empty:\n".len() + 3;
        assert!(keep("a=b", &headers(), size).is_some());
        assert!(keep("a=b", &headers(), size - 1).is_none());
    }
}
