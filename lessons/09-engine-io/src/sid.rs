//! Session ids that cannot be guessed.
//!
//! Anyone who knows a session's id can read and write it over polling. So it comes from the
//! system's random source, 120 bits of it, and is never shown to other clients
//! (Socket.IO's public socket id is another one).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const BYTES: usize = 15;
const CHARS: usize = BYTES * 8 / 6;

/// A session id: 20 characters of base64url, 120 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Sid([u8; CHARS]);

impl Sid {
    /// Returns a new id from the system's random source.
    ///
    /// # Panics
    /// Panics if the system has no random source: there is nothing safe to do then.
    pub(crate) fn random() -> Self {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).expect("the system's random source answers");
        let mut chars = [0; CHARS];
        URL_SAFE_NO_PAD
            .encode_slice(bytes, &mut chars)
            .expect("15 bytes are 20 characters");
        Self(chars)
    }

    /// The id that a client sent, if it has an id's form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let chars: [u8; CHARS] = text.as_bytes().try_into().ok()?;
        chars
            .iter()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'))
            .then_some(Self(chars))
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Sid {
    /// The first four characters: enough to follow a session in a log, too few to take it
    /// over.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", &self.as_str()[..4])
    }
}

/// Twenty characters of base64url, 120 bits from the system's random source: for ids that
/// must not be guessed.
///
/// # Panics
/// Panics if the system has no random source.
///
/// ```
/// let token = engine_io::random_id();
/// assert_eq!(token.len(), 20);
/// assert_ne!(token, engine_io::random_id());
/// ```
pub fn random_id() -> String {
    Sid::random().as_str().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_form_and_differ() {
        let ids: std::collections::HashSet<_> =
            (0..1000).map(|_| Sid::random()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| Sid::parse(id.as_str()) == Some(*id)));
    }

    #[test]
    fn malformed_ids_are_rejected() {
        for text in [
            "",
            "short",
            "a sid with a space in",
            "../../../etc/passwd/",
            "ééééééééééé",
        ] {
            assert_eq!(Sid::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_log_shows_only_the_beginning() {
        let id = Sid::random();
        assert!(!format!("{id:?}").contains(id.as_str()));
    }
}
