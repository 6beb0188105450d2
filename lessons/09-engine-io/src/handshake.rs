//! The part of its first request that a session keeps, as bytes within a limit.

use std::fmt;
use std::net::SocketAddr;

use http::HeaderMap;

/// The client's first request.
///
/// It is kept for as long as the session lives, so it is kept as the bytes that came: no
/// map, nothing for each header but its text. [`Config::max_handshake`] bounds it.
///
/// [`Config::max_handshake`]: crate::Config::max_handshake
#[derive(Clone, Default)]
pub struct Handshake {
    /// The query string, without its `?`.
    pub query: String,
    /// Lines of `name:value`. Neither can hold a line feed.
    headers: Box<[u8]>,
    /// The client's address, when the server knows it: the connection's, or the one that
    /// a [trusted proxy](crate::Config::trusted_proxies) names, then with port 0.
    pub remote_addr: Option<SocketAddr>,
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
        let mut kept = String::new();
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
            headers: kept.into_bytes().into(),
            remote_addr: None,
        }
    }

    /// Keeps a copy, so that the request's buffer can go. `None` if the query and the
    /// headers have more than `max` bytes.
    pub(crate) fn keep(
        query: &str,
        headers: &HeaderMap,
        remote_addr: Option<SocketAddr>,
        max: usize,
    ) -> Option<Self> {
        let lines = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            name.as_str().len() + value.len() + 2
        };
        let len: usize = headers.iter().map(lines).sum();
        if query.len() + len > max {
            return None;
        }
        let mut kept = Vec::with_capacity(len);
        for (name, value) in headers {
            kept.extend_from_slice(name.as_str().as_bytes());
            kept.push(b':');
            kept.extend_from_slice(value.as_bytes());
            kept.push(b'\n');
        }
        Some(Self {
            query: query.into(),
            headers: kept.into(),
            remote_addr,
        })
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
        self.headers
            .split(|byte| *byte == b'\n')
            .filter_map(|line| {
                let colon = line.iter().position(|byte| *byte == b':')?;
                let name = std::str::from_utf8(&line[..colon]).ok()?;
                Some((name, &line[colon + 1..]))
            })
    }

    /// Returns a parameter of the query, as it was written.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        parameter(&self.query, name)
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
            .field("query", &self.query)
            .field("headers", &names)
            .field("remote_addr", &self.remote_addr)
            .finish()
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

    #[test]
    fn headers_are_found_as_they_came() {
        let kept = Handshake::keep("EIO=4&b64=1", &headers(), None, 1000).unwrap();
        assert_eq!(kept.header("Cookie"), Some("a=b: c"));
        assert_eq!(kept.header("x-empty"), Some(""));
        assert_eq!(kept.header("x-bytes"), None, "it is not text");
        assert_eq!(kept.header("cook"), None);
        assert_eq!(kept.parameter("b64"), Some("1"));
        let all: Vec<_> = kept.headers().collect();
        assert_eq!(all[1], ("x-bytes", &b"\xff\t1"[..]));
        assert_eq!(all.len(), 3);
    }

    #[test]
    fn the_limit_counts_every_byte_that_is_kept() {
        let size = "cookie:a=b: c\nx-bytes:123\nx-empty:\n".len() + 3;
        assert!(Handshake::keep("a=b", &headers(), None, size).is_some());
        assert!(Handshake::keep("a=b", &headers(), None, size - 1).is_none());
    }
}
