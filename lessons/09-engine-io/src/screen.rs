//! Refuses requests that no handler should have to think about.
//!
//! hyper parses a request; it does not check that the request makes sense. Two kinds are
//! refused here, before any filter sees them. A target without a path (`GET x HTTP/1.1`,
//! `CONNECT a:1`) would make warp panic. And a header that a security decision rests on
//! must be there at most once: of two `Host` lines, a proxy in front may have read one
//! and we the other.

use http::uri::Authority;
use http::{HeaderMap, Method, Request, Version, header};

/// The headers that decide what a page may do.
const ONCE: [header::HeaderName; 2] = [header::HOST, header::ORIGIN];

/// Checks a request's target and its headers. The error is the text of a 400 response.
pub(crate) fn screen<B>(request: &Request<B>) -> Result<(), &'static str> {
    if *request.method() == Method::CONNECT || !request.uri().path().starts_with('/') {
        return Err("the request target has no path");
    }
    if request.version() >= Version::HTTP_11
        && !request.headers().contains_key(header::HOST)
    {
        return Err("a request of HTTP/1.1 names its Host");
    }
    headers(request.headers())
}

/// Checks the headers alone: all that can be done below a server that is not ours.
pub(crate) fn headers(headers: &HeaderMap) -> Result<(), &'static str> {
    for name in ONCE {
        if headers.get_all(name).iter().nth(1).is_some() {
            return Err("Host and Origin may be there once");
        }
    }
    match headers.get(header::HOST).map(|host| host.to_str()) {
        None | Some(Ok("")) => Ok(()),
        Some(Ok(host)) if is_authority(host) => Ok(()),
        Some(_) => Err("the Host is not a name with an optional port"),
    }
}

fn is_authority(host: &str) -> bool {
    !host.contains('@') && host.parse::<Authority>().is_ok()
}
