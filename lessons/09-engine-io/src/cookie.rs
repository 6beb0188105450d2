//! The cookie with which a load balancer keeps a client's requests together.

use std::fmt::Write;
use std::time::Duration;

use http::HeaderValue;

/// Which requests from other sites a browser adds a cookie to.
///
/// ```
/// use engine_io::{Cookie, SameSite};
///
/// // For a chat in a frame of another site's page.
/// let cookie = Cookie { same_site: SameSite::None, secure: true, ..Cookie::default() };
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameSite {
    /// Those that open a page. The page's own requests do not count.
    #[default]
    Lax,
    /// No requests from other sites.
    Strict,
    /// All of them. Browsers then insist on [`Cookie::secure`].
    None,
}

/// The cookie that a session over polling gets with its handshake. Its value is the
/// session's id, so that a load balancer in front of several servers can send each poll to
/// the server that has the session.
///
/// A session that opens with a WebSocket gets none: it has one connection.
///
/// ```
/// use engine_io::{Config, Cookie, SameSite};
/// use std::time::Duration;
///
/// let cookie = Cookie {
///     same_site: SameSite::Strict,
///     max_age: Some(Duration::from_secs(86_400)),
///     ..Cookie::default()
/// };
/// let config = Config { cookie: Some(cookie), ..Config::default() };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// Default `io`.
    pub name: String,
    /// Default `/`.
    pub path: String,
    /// Whether it is hidden from the page's scripts. Default yes.
    pub http_only: bool,
    /// Default [`SameSite::Lax`].
    pub same_site: SameSite,
    /// Whether it is sent over encrypted connections alone. Default no.
    pub secure: bool,
    /// How long a browser keeps it. Default until the browser ends.
    pub max_age: Option<Duration>,
}

impl Default for Cookie {
    fn default() -> Self {
        Self {
            name: "io".into(),
            path: "/".into(),
            http_only: true,
            same_site: SameSite::Lax,
            secure: false,
            max_age: None,
        }
    }
}

impl Cookie {
    /// Returns the header's value, or `None` if the name or the path cannot be in one.
    pub(crate) fn header(&self, sid: &str) -> Option<HeaderValue> {
        let token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if self.name.is_empty()
            || !self.name.bytes().all(token)
            || self.path.contains(';')
        {
            return None;
        }
        let mut text = format!("{}={sid}; Path={}", self.name, self.path);
        if let Some(age) = self.max_age {
            let _ = write!(text, "; Max-Age={}", age.as_secs());
        }
        if self.http_only {
            text.push_str("; HttpOnly");
        }
        if self.secure {
            text.push_str("; Secure");
        }
        text.push_str(match self.same_site {
            SameSite::Lax => "; SameSite=Lax",
            SameSite::Strict => "; SameSite=Strict",
            SameSite::None => "; SameSite=None",
        });
        HeaderValue::try_from(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_written_with_its_attributes() {
        let text = |cookie: &Cookie| {
            cookie
                .header("x")
                .map(|value| value.to_str().unwrap().to_owned())
        };
        let usual = Cookie::default();
        assert_eq!(
            text(&usual).unwrap(),
            "io=x; Path=/; HttpOnly; SameSite=Lax"
        );
        let all = Cookie {
            name: "sid".into(),
            path: "/chat/".into(),
            http_only: false,
            same_site: SameSite::None,
            secure: true,
            max_age: Some(Duration::from_secs(60)),
        };
        assert_eq!(
            text(&all).unwrap(),
            "sid=x; Path=/chat/; Max-Age=60; Secure; SameSite=None"
        );
    }

    #[test]
    fn a_name_or_a_path_that_cannot_be_in_a_header_makes_no_cookie() {
        for (name, path) in [
            ("", "/"),
            ("a b", "/"),
            ("a=b", "/"),
            ("io", "/;x"),
            ("io", "/\n"),
        ] {
            let cookie = Cookie {
                name: name.into(),
                path: path.into(),
                ..Cookie::default()
            };
            assert_eq!(cookie.header("x"), None, "{name:?} {path:?}");
        }
    }
}
