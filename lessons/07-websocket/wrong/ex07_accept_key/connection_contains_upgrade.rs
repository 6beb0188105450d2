//! Caught by: upgrade_and_connection_need_their_words
//!
//! Looks for the letters of `upgrade` anywhere in `Connection`.

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
    let connection = value("Connection").to_ascii_lowercase();
    status == 101
        && value("Upgrade").eq_ignore_ascii_case("websocket")
        && connection.contains("upgrade")
        && value("Sec-WebSocket-Accept") == accept_key(key)
}
