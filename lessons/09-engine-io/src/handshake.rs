//! The part of its first request that a session keeps, as bytes within a limit.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::time::SystemTime;

use http::HeaderMap;

/// The client's first request.
///
/// It is kept for as long as the session lives, so it is kept as the bytes that came: no
/// map, nothing for each header but its text. [`Config::max_handshake`] bounds it.
///
/// [`Config::max_handshake`]: crate::Config::max_handshake
#[derive(Clone)]
pub struct Handshake {
    /// The path, as it was written.
    pub path: Box<str>,
    /// The query string, without its `?`.
    pub query: String,
    /// Lines of `name:value`. Neither can hold a line feed.
    headers: Box<[u8]>,
    /// The client's address, when the server knows it: the connection's, or the one that
    /// a [trusted proxy](crate::Config::trusted_proxies) names, then with port 0.
    pub remote_addr: Option<SocketAddr>,
    /// Whether a [trusted proxy](crate::Config::trusted_proxies) reports that the client
    /// uses TLS.
    pub secure: bool,
    /// When the request arrived.
    pub time: SystemTime,
}

impl Default for Handshake {
    fn default() -> Self {
        Self {
            path: Box::default(),
            query: String::new(),
            headers: Box::default(),
            remote_addr: None,
            secure: false,
            time: SystemTime::UNIX_EPOCH,
        }
    }
}

impl Handshake {
    /// Keeps a copy, so that the request's buffer can go. `None` if the path, the query
    /// and the headers have more than `max` bytes.
    pub(crate) fn keep(
        path: &str,
        query: &str,
        headers: &HeaderMap,
        remote_addr: Option<SocketAddr>,
        max: usize,
    ) -> Option<Self> {
        let lines = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            name.as_str().len() + value.len() + 2
        };
        let len: usize = headers.iter().map(lines).sum();
        if path.len() + query.len() + len > max {
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
            path: path.into(),
            query: query.into(),
            headers: kept.into(),
            remote_addr,
            secure: false,
            time: SystemTime::now(),
        })
    }

    /// Returns the path with the query, as the client asked for it.
    pub fn url(&self) -> String {
        match &*self.query {
            "" => self.path.to_string(),
            query => format!("{}?{query}", self.path),
        }
    }

    /// Returns the names and the values of the query, decoded.
    ///
    /// ```
    /// # fn example(session: engine_io::Session) {
    /// let all: std::collections::HashMap<_, _> = session.handshake().query_pairs().collect();
    /// let room = all.get("room").map_or("lobby", |room| room);
    /// # }
    /// ```
    pub fn query_pairs(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        form_urlencoded::parse(self.query.as_bytes())
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
            .field("path", &self.path)
            .field("query", &self.query)
            .field("headers", &names)
            .field("remote_addr", &self.remote_addr)
            .field("secure", &self.secure)
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

    #[test]
    fn headers_are_found_as_they_came() {
        let kept = Handshake::keep("/", "EIO=4&b64=1", &headers(), None, 1000).unwrap();
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
        let size = "cookie:a=b: c\nx-bytes:123\nx-empty:\n/x?a=b".len() - 1;
        assert!(Handshake::keep("/x", "a=b", &headers(), None, size).is_some());
        assert!(Handshake::keep("/x", "a=b", &headers(), None, size - 1).is_none());
    }

    #[test]
    fn the_query_is_decoded_and_the_url_is_as_it_was_written() {
        let none = HeaderMap::new();
        let kept = Handshake::keep("/engine.io/", "a=1+2&b=%c3%a4&b", &none, None, 1000);
        let kept = kept.unwrap();
        let pairs: Vec<_> = kept.query_pairs().collect();
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        assert_eq!(pairs, [("a", "1 2"), ("b", "ä"), ("b", "")]);
        assert_eq!(kept.url(), "/engine.io/?a=1+2&b=%c3%a4&b");
        assert!(kept.time.elapsed().unwrap().as_secs() < 60);
        assert_eq!(Handshake::default().url(), "");
    }
}
