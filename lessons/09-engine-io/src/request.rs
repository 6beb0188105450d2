//! A request as the protocol sees it, whichever server has read it.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName, Method, header};
use hyper::upgrade::OnUpgrade;

use crate::config::Config;
use crate::handshake::{Handshake, parameter};
use crate::head::RequestHead;
use crate::origin::nth_from_right;
use crate::peer::Peer;
use crate::refusal::Refusal;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The parts of a request other than its body.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    /// The other end of the connection, if the server below has named it. From
    /// [`run`](crate::run) it keeps the connection's place in the limits taken.
    pub(crate) peer: Option<Peer>,
    pub(crate) on_upgrade: Option<OnUpgrade>,
}

impl Request {
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        parameter(&self.query, name)
    }

    pub(crate) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn header_has(&self, name: header::HeaderName, token: &str) -> bool {
        let values = self.headers.get_all(name);
        values
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value| {
                value
                    .split(',')
                    .any(|part| part.trim().eq_ignore_ascii_case(token))
            })
    }

    pub(crate) fn wants_upgrade(&self) -> bool {
        self.header_has(header::UPGRADE, "websocket")
            && self.header_has(header::CONNECTION, "upgrade")
    }

    /// Returns the client's address: the one that a trusted proxy names, or the
    /// connection's.
    fn remote_addr(&self, config: &Config) -> Option<SocketAddr> {
        forwarded_for(&self.headers, config.trusted_proxies)
            .or_else(|| self.peer.as_ref()?.remote_addr())
    }

    /// Returns whether the client's connection is encrypted: a trusted proxy says so, or
    /// the connection is.
    fn is_secure(&self, config: &Config) -> bool {
        match nth_from_right(&self.headers, &FORWARDED_PROTO, config.trusted_proxies) {
            // Schemes are case-insensitive (RFC 3986 §3.1).
            Some(scheme) => ["https", "wss"]
                .iter()
                .any(|it| it.eq_ignore_ascii_case(scheme)),
            None => self.peer.as_ref().is_some_and(Peer::is_secure),
        }
    }

    /// Returns the part of this request that the session keeps.
    pub(crate) fn handshake(&self, config: &Config) -> Result<Handshake, Refusal> {
        Handshake::keep(
            &self.path,
            &self.query,
            &self.headers,
            self.remote_addr(config),
            self.is_secure(config),
            config.max_handshake,
        )
        .ok_or(Refusal::TooLarge)
    }

    /// Returns a copy for the application's hooks.
    pub(crate) fn head(&self, config: &Config) -> RequestHead {
        RequestHead {
            method: self.method.clone(),
            path: self.path.clone(),
            query: self.query.clone(),
            headers: self.headers.clone(),
            remote_addr: self.remote_addr(config),
            secure: self.is_secure(config),
        }
    }
}

/// Returns the address that the outermost trusted proxy names.
pub(crate) fn forwarded_for(headers: &HeaderMap, proxies: usize) -> Option<SocketAddr> {
    let client = nth_from_right(headers, &FORWARDED_FOR, proxies)?;
    let bare = client.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 0));
    bare.ok().or_else(|| client.parse().ok())
}
