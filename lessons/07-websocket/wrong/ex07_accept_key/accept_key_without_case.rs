//! Caught by: another_accept_key_is_refused
//!
//! Ignores case in the accept key too.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use websocket::accept_key;

/// Returns the `Sec-WebSocket-Key` for these random bytes.
pub fn key(nonce: [u8; 16]) -> String {
    STANDARD.encode(nonce)
}

/// Returns whether the response with this status and these headers, each a name and a
/// value, accepts the request that had `key`.
pub fn is_accepted(key: &str, status: u16, headers: &[(&str, &str)]) -> bool {
    let value = |wanted: &str| {
        let mut named = headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        named.next().map_or("", |(_, value)| *value)
    };
    let mut words = value("Connection").split(',').map(str::trim);
    status == 101
        && value("Upgrade").eq_ignore_ascii_case("websocket")
        && words.any(|word| word.eq_ignore_ascii_case("Upgrade"))
        && value("Sec-WebSocket-Accept").eq_ignore_ascii_case(&accept_key(key))
}
