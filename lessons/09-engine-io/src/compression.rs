//! Compression of what the server sends: messages over WebSocket (permessage-deflate, RFC
//! 7692) and bodies over polling (HTTP's gzip and deflate).
//!
//! Both are off unless the [`Config`](crate::Config) says otherwise. Compression costs
//! processor time; and where a secret and an attacker's text are compressed together, the
//! length tells the attacker how much of the secret the text has right (CRIME, BREACH).

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use http::{HeaderMap, HeaderValue, header};
use websocket::Deflate;

/// Stands for a threshold that no message reaches: compression is off.
pub(crate) const OFF: u32 = u32::MAX;
/// A longer message over WebSocket is sent as it is: to compress it would keep the
/// thread's other connections waiting for more than a millisecond.
pub(crate) const MAX_DEFLATED: usize = 64 * 1024;
/// A longer body is compressed on a thread that is there for such work.
const AT_ONCE: usize = 16 * 1024;

/// How messages over WebSocket are compressed, for clients that offer it.
///
/// Neither side keeps its context from one message to the next. So an idle connection
/// costs as much memory as one without compression, and a broadcast is compressed once
/// for all its receivers. A thread that compresses owns one compressor of about 380 KB; a
/// compressed message that arrives costs about 48 KB until it is there.
///
/// A message that arrives is limited by [`Config::max_payload`](crate::Config::max_payload)
/// after decompression. A client can make the server hold that much with a thousandth of
/// the bytes, so `max_payload` times the number of connections should fit into memory.
///
/// ```
/// use engine_io::{Config, PerMessageDeflate};
///
/// let config = Config {
///     per_message_deflate: Some(PerMessageDeflate::default()),
///     ..Config::default()
/// };
/// # assert_eq!(config.per_message_deflate.map(|deflate| deflate.threshold), Some(1024));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerMessageDeflate {
    /// Messages of fewer bytes are sent as they are, and so are messages of more than 64
    /// KiB, and those that compression would not make smaller. Default 1,024.
    pub threshold: usize,
}

impl Default for PerMessageDeflate {
    fn default() -> Self {
        Self { threshold: 1024 }
    }
}

/// How the bodies of polling answers are compressed, for clients that accept it: with gzip
/// or deflate.
///
/// ```
/// use engine_io::{Config, HttpCompression};
///
/// let config = Config {
///     http_compression: Some(HttpCompression::default()),
///     ..Config::default()
/// };
/// # assert_eq!(config.http_compression.map(|http| http.threshold), Some(1024));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpCompression {
    /// Bodies of fewer bytes are sent as they are. Default 1,024.
    pub threshold: usize,
}

impl Default for HttpCompression {
    fn default() -> Self {
        Self { threshold: 1024 }
    }
}

impl PerMessageDeflate {
    /// Returns the threshold as a connection keeps it, which is never [`OFF`].
    pub(crate) fn threshold(self) -> u32 {
        u32::try_from(self.threshold).map_or(OFF - 1, |bytes| bytes.min(OFF - 1))
    }

    /// Answers a client's offers. A frame for all has the largest window, so a client that
    /// wants a smaller one gets no compression.
    pub(crate) fn answer(offers: &str) -> Option<HeaderValue> {
        let agreed = Deflate::NO_CONTEXT.answer(offers)?;
        let any_window = agreed.server_max_window_bits.is_none_or(|bits| bits == 15);
        any_window
            .then(|| HeaderValue::try_from(agreed.to_string()).ok())
            .flatten()
    }
}

/// A coding of HTTP (RFC 9110 §8.4.1). Brotli (`br`) is left out: it would save a little
/// more than gzip, which every client accepts, and needs its own library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    /// In HTTP the name stands for zlib's format.
    Deflate,
}

impl Coding {
    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }

    /// Returns the coding that the client likes best. `None` if it accepts neither, or
    /// would rather have the body as it is.
    pub(crate) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(header::ACCEPT_ENCODING);
        let lists = values.iter().filter_map(|value| value.to_str().ok());
        let items: Vec<_> = lists
            .flat_map(|list| list.split(','))
            .filter_map(item)
            .collect();
        let quality = |name: &str| {
            let named = |wanted: &str| {
                let mut found = items
                    .iter()
                    .filter(|(item, _)| item.eq_ignore_ascii_case(wanted));
                found.next().map(|(_, quality)| *quality)
            };
            named(name)
                .or_else(|| (name == "gzip").then(|| named("x-gzip")).flatten())
                .or_else(|| named("*"))
        };
        let gzip = quality("gzip").unwrap_or(0);
        let deflate = quality("deflate").unwrap_or(0);
        let best = gzip.max(deflate);
        let named_identity = items
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("identity"));
        if best == 0 || named_identity.is_some_and(|(_, identity)| *identity > best) {
            return None;
        }
        Some(if gzip == best {
            Self::Gzip
        } else {
            Self::Deflate
        })
    }

    fn encode(self, body: &[u8]) -> std::io::Result<Vec<u8>> {
        let out = Vec::with_capacity(body.len() / 2);
        // Level 1: a quarter of the time of level 6, for bodies a quarter longer.
        match self {
            Self::Gzip => {
                let mut encoder = GzEncoder::new(out, Compression::fast());
                encoder.write_all(body)?;
                encoder.finish()
            }
            Self::Deflate => {
                let mut encoder = ZlibEncoder::new(out, Compression::fast());
                encoder.write_all(body)?;
                encoder.finish()
            }
        }
    }
}

/// Reads an item of `Accept-Encoding`: a name and its quality in thousandths (RFC 9110
/// §12.4.2). An item that is not one is passed over.
fn item(text: &str) -> Option<(&str, u16)> {
    let (name, parameters) = text.split_once(';').unwrap_or((text, ""));
    let name = name.trim();
    if name.is_empty() {
        return None;
    }
    if parameters.trim().is_empty() {
        return Some((name, 1000));
    }
    let (key, value) = parameters.split_once('=')?;
    if !key.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let value: f32 = value.trim().parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 1,000"
    )]
    (0.0..=1.0)
        .contains(&value)
        .then_some((name, (value * 1000.0).round() as u16))
}

/// Compresses a body, unless it is short or the client would rather have it as it is.
/// Returns it with the name of its coding.
pub(crate) async fn encode_body(
    settings: HttpCompression,
    accepted: Option<Coding>,
    body: Vec<u8>,
) -> (Bytes, Option<HeaderValue>) {
    let Some(coding) = accepted.filter(|_| body.len() >= settings.threshold) else {
        return (body.into(), None);
    };
    let body = Bytes::from(body);
    let encoded = if body.len() <= AT_ONCE {
        coding.encode(&body).ok()
    } else {
        let body = body.clone();
        let work = tokio::task::spawn_blocking(move || coding.encode(&body));
        work.await.ok().and_then(Result::ok)
    };
    match encoded {
        Some(encoded) if encoded.len() < body.len() => (
            encoded.into(),
            Some(HeaderValue::from_static(coding.name())),
        ),
        _ => (body, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(values: &[&'static str]) -> Option<Coding> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
        }
        Coding::accepted(&headers)
    }

    #[test]
    fn the_coding_that_the_client_likes_best() {
        for (value, coding) in [
            ("gzip", Some(Coding::Gzip)),
            ("gzip, deflate, br", Some(Coding::Gzip)),
            ("deflate, gzip", Some(Coding::Gzip)),
            ("deflate", Some(Coding::Deflate)),
            ("DEFLATE;Q=0.5 , gzip ; q=0.4", Some(Coding::Deflate)),
            ("x-gzip", Some(Coding::Gzip)),
            ("*", Some(Coding::Gzip)),
            ("*, gzip;q=0", Some(Coding::Deflate)),
            ("gzip;q=0.001", Some(Coding::Gzip)),
            ("identity, gzip", Some(Coding::Gzip)),
            ("identity;q=0.5, gzip;q=0.4", None),
            ("gzip;q=0, deflate;q=0.000", None),
            ("*;q=0", None),
            ("br, zstd", None),
            ("", None),
            (",,;q=1", None),
            ("gzip;q=2", None),
            ("gzip;q=x", None),
            ("gzip;level=9", None),
        ] {
            assert_eq!(accepted(&[value]), coding, "{value}");
        }
        assert_eq!(accepted(&["br", "deflate"]), Some(Coding::Deflate));
        assert_eq!(accepted(&[]), None);
    }

    #[test]
    fn a_client_that_wants_a_small_window_is_not_compressed_for() {
        let answer = |offers| PerMessageDeflate::answer(offers);
        assert!(answer("permessage-deflate; client_max_window_bits").is_some());
        assert!(answer("permessage-deflate; server_max_window_bits=15").is_some());
        assert_eq!(
            answer("permessage-deflate; server_max_window_bits=14"),
            None
        );
        assert_eq!(answer("other"), None);
    }
}
