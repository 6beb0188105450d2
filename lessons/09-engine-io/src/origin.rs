//! Which pages may connect: the rule for the `Origin` and the `Host` of a request.
//!
//! A browser names the origin of the page with each request that matters, and sends the
//! user's cookies and the user's network along. So a server that serves every page serves
//! every page's author. The default lets in pages of the server's own origin, and the
//! difficulty is to know that: `Host` says it, unless a proxy has rewritten it, or an
//! attacker's name points here.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::config::{Config, Cors, CorsHeaders};
use crate::guard::guarded;

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// The CORS decision for a request.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// No `Origin`, or our own: nothing need be said.
    Own,
    /// A page of any origin.
    Any,
    /// A page of an origin that is listed.
    Listed(HeaderValue),
    /// A page that may not connect, with advice for the server's operator.
    Stranger(String),
}

impl Verdict {
    /// Decides by `cors` and by the names of this server.
    pub(crate) fn of(headers: &HeaderMap, config: &Config, cors: &Cors) -> Self {
        if *cors == Cors::Any {
            return Self::Any;
        }
        let host = own_name(headers, config).unwrap_or_default();
        let is_ours = |name: &str| {
            let listed = config.public_hosts.iter();
            listed.clone().any(|known| known.eq_ignore_ascii_case(name))
                || config.public_hosts.is_empty()
                || is_address(name)
        };
        let Some(origin) = headers.get(header::ORIGIN) else {
            // Another page's name may have been pointed here (DNS rebinding): for its
            // page, this server is the page's own origin.
            return if is_ours(host) || host.is_empty() {
                Self::Own
            } else {
                Self::Stranger(format!(
                    "a request for the host {host:?} was refused: if that is a name of \
                     this server, add it to Config::public_hosts"
                ))
            };
        };
        let name = origin.to_str().unwrap_or_default();
        if is_ours(host) && is_same_origin(name, host)
            || config
                .public_hosts
                .iter()
                .any(|known| is_same_origin(name, known))
        {
            return Self::Own;
        }
        let allowed = match cors {
            Cors::Origins(listed) => listed.iter().any(|listed| listed == name),
            Cors::Matching(rule) => {
                guarded("origin", || (rule.0)(name)).unwrap_or_default()
            }
            Cors::SameOrigin | Cors::Any => false,
        };
        if allowed {
            return Self::Listed(origin.clone());
        }
        Self::Stranger(format!(
            "a page of {name:?} was refused, the request was for {host:?}: if the page \
             is this server's own and a proxy rewrites the Host, add the host of its \
             address to Config::public_hosts; if it is another site's, add the origin \
             to Config::cors"
        ))
    }

    /// Adds the headers that let the page read the response.
    pub(crate) fn allow(self, headers: &mut HeaderMap, extra: &CorsHeaders) {
        if matches!(self, Self::Any | Self::Listed(_))
            && let Some(exposed) = list(&extra.exposed)
        {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
        match self {
            Self::Own | Self::Stranger(_) => {}
            Self::Any => {
                headers.insert(
                    header::ACCESS_CONTROL_ALLOW_ORIGIN,
                    HeaderValue::from_static("*"),
                );
            }
            Self::Listed(origin) => {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
                headers.insert(
                    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
                    HeaderValue::from_static("true"),
                );
                headers.append(header::VARY, HeaderValue::from_static("Origin"));
            }
        }
    }
}

impl Config {
    /// Returns whether a request with these headers comes from a page of this very server,
    /// or from a program that names no origin: for forms and other requests beside
    /// Engine.IO. [`cors`](Self::cors) is not asked.
    ///
    /// ```
    /// use engine_io::Config;
    /// use warp::http::{HeaderMap, HeaderValue};
    ///
    /// let mut headers = HeaderMap::new();
    /// headers.insert("host", HeaderValue::from_static("10.0.0.7:5000"));
    /// headers.insert("origin", HeaderValue::from_static("https://chat.example"));
    /// assert!(!Config::default().is_own_origin(&headers));
    ///
    /// let behind_a_proxy = Config { public_hosts: vec!["chat.example".into()], ..Config::default() };
    /// assert!(behind_a_proxy.is_own_origin(&headers));
    /// ```
    pub fn is_own_origin(&self, headers: &HeaderMap) -> bool {
        crate::screen::headers(headers).is_ok()
            && matches!(Verdict::of(headers, self, &Cors::SameOrigin), Verdict::Own)
    }
}

/// Answers a browser that asks before it sends a request with unusual headers. Whether
/// the page may connect has been decided; which headers it sends makes no difference to
/// us, so unless the application says which, all that it asks for are allowed.
pub(crate) fn preflight(
    request: &HeaderMap,
    config: &CorsHeaders,
    headers: &mut HeaderMap,
) {
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        list(&config.methods).unwrap_or(HeaderValue::from_static("GET, POST")),
    );
    let allowed = list(&config.allowed).unwrap_or_else(|| {
        let asked = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
        headers.append(
            header::VARY,
            HeaderValue::from_static("Access-Control-Request-Headers"),
        );
        asked.unwrap_or(HeaderValue::from_static("content-type"))
    });
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    headers.insert(
        header::ACCESS_CONTROL_MAX_AGE,
        HeaderValue::from_static("600"),
    );
}

/// Returns the names as one header's value, or `None` if there are none.
fn list(names: &[impl AsRef<str>]) -> Option<HeaderValue> {
    if names.is_empty() {
        return None;
    }
    let names: Vec<_> = names.iter().map(AsRef::as_ref).collect();
    HeaderValue::try_from(names.join(", ")).ok()
}

/// The name under which the client knows this server.
fn own_name<'a>(headers: &'a HeaderMap, config: &Config) -> Option<&'a str> {
    let forwarded = (config.trusted_proxies > 0)
        .then(|| nth_from_right(headers, &FORWARDED_HOST, config.trusted_proxies))
        .flatten();
    forwarded.or_else(|| headers.get(header::HOST)?.to_str().ok())
}

/// The element that the outermost of `proxies` proxies has added to a list: each adds one
/// on the right, and what stands further left came from the client.
pub(crate) fn nth_from_right<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
    proxies: usize,
) -> Option<&'a str> {
    let values = headers.get_all(name).iter().rev();
    let elements = values.filter_map(|value| value.to_str().ok());
    let mut elements = elements.flat_map(|list| list.rsplit(',')).map(str::trim);
    let mut last = None;
    for _ in 0..proxies {
        last = elements.next().or(last);
    }
    last.filter(|element| !element.is_empty())
}

/// An address, or the name that every machine has for itself: neither can be pointed
/// elsewhere.
fn is_address(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok()
}

/// Returns whether a page of `origin` (`scheme://host[:port]`) was served by `host`.
/// Behind a proxy that ends TLS we do not know our own scheme, so the host and the port
/// decide. Clients that are not browsers write `ws` or `wss` for the scheme.
///
/// ```
/// use engine_io::is_same_origin;
///
/// assert!(is_same_origin("https://chat.example", "chat.example:443"));
/// assert!(!is_same_origin("https://chat.example", "chat.example:5000"));
/// assert!(!is_same_origin("https://example", "chat.example"));
/// ```
pub fn is_same_origin(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else {
        return false;
    };
    let default_port = match scheme {
        "http" | "ws" => ":80",
        "https" | "wss" => ":443",
        _ => return false,
    };
    let bare = |name: &str| {
        name.strip_suffix(default_port)
            .unwrap_or(name)
            .to_ascii_lowercase()
    };
    !host.is_empty() && bare(authority) == bare(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_origin_is_host_and_port() {
        assert!(is_same_origin("http://localhost:5000", "localhost:5000"));
        assert!(is_same_origin("https://Chat.example", "chat.example:443"));
        assert!(is_same_origin("ws://localhost:5000", "localhost:5000"));
        assert!(is_same_origin("wss://chat.example", "chat.example"));
        assert!(!is_same_origin("http://localhost:5001", "localhost:5000"));
        assert!(!is_same_origin(
            "http://localhost:5000.evil.example",
            "localhost:5000"
        ));
        assert!(!is_same_origin("null", "localhost:5000"));
        assert!(!is_same_origin("file://", ""));
        assert!(!is_same_origin("http://", ""));
    }

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let line = |(name, value): &(&'static str, &'static str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        };
        let mut headers = HeaderMap::new();
        for (name, value) in lines.iter().map(line) {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn the_element_of_the_trusted_proxy_counts_and_not_the_clients() {
        let name = HeaderName::from_static("x-forwarded-for");
        let lists = headers(&[
            ("x-forwarded-for", "6.6.6.6, 1.1.1.1"),
            ("x-forwarded-for", "2.2.2.2"),
        ]);
        assert_eq!(nth_from_right(&lists, &name, 0), None);
        assert_eq!(nth_from_right(&lists, &name, 1), Some("2.2.2.2"));
        assert_eq!(nth_from_right(&lists, &name, 2), Some("1.1.1.1"));
        assert_eq!(nth_from_right(&lists, &name, 9), Some("6.6.6.6"));
        assert_eq!(nth_from_right(&headers(&[]), &name, 1), None);
    }

    fn public(proxies: usize) -> Config {
        Config {
            public_hosts: vec!["chat.example".into(), "localhost:5000".into()],
            trusted_proxies: proxies,
            ..Config::default()
        }
    }

    fn own(config: &Config, lines: &[(&'static str, &'static str)]) -> bool {
        config.is_own_origin(&headers(lines))
    }

    #[test]
    fn a_public_name_is_our_own_whatever_the_proxy_writes() {
        for host in ["127.0.0.1:5000", "backend", "chat.example", "[::1]:5000"] {
            let lines = [("host", host), ("origin", "https://chat.example")];
            assert!(own(&public(0), &lines), "{host}");
        }
        let rewritten = [("host", "backend"), ("origin", "https://chat.example")];
        assert!(!own(&Config::default(), &rewritten));
    }

    #[test]
    fn a_name_that_was_pointed_here_is_not_our_own() {
        let rebound = [
            ("host", "evil.example:5000"),
            ("origin", "http://evil.example:5000"),
        ];
        assert!(
            own(&Config::default(), &rebound),
            "without names Host is believed"
        );
        assert!(!own(&public(0), &rebound));
        assert!(
            !own(&public(0), &rebound[..1]),
            "also a GET, which names no origin"
        );
        for direct in [
            "127.0.0.1:5000",
            "localhost:7",
            "[::1]:5000",
            "chat.example",
        ] {
            assert!(own(&public(0), &[("host", direct)]), "{direct}");
        }
    }

    #[test]
    fn a_forwarded_host_counts_only_behind_a_trusted_proxy() {
        let lines = [
            ("host", "backend"),
            ("x-forwarded-host", "chat.example"),
            ("origin", "https://chat.example"),
        ];
        assert!(!own(&Config::default(), &lines));
        let behind = Config {
            trusted_proxies: 1,
            ..Config::default()
        };
        assert!(own(&behind, &lines));
        let forged = [
            ("host", "backend"),
            ("x-forwarded-host", "evil.example, chat.example"),
            ("origin", "https://evil.example"),
        ];
        assert!(!own(&behind, &forged));
    }

    #[test]
    fn a_refusal_says_what_to_write() {
        let lines = headers(&[("host", "backend"), ("origin", "https://chat.example")]);
        match Verdict::of(&lines, &Config::default(), &Cors::SameOrigin) {
            Verdict::Stranger(advice) => {
                assert!(advice.contains("https://chat.example"), "{advice}");
                assert!(advice.contains("Config::public_hosts"), "{advice}");
            }
            verdict => panic!("{verdict:?}"),
        }
    }
}
