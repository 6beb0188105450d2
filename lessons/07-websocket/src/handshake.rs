//! The accept key: how a client knows that the server has understood the handshake.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// The GUID of RFC 6455 §1.3, which no server sends by accident.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Returns the `Sec-WebSocket-Accept` for a client's `Sec-WebSocket-Key` (RFC 6455
/// §4.2.2, step 5.4).
///
/// It does not prove a secret. It shows that the server read the request as a WebSocket
/// handshake: a cache that replays an old answer, or a server that echoes what it is
/// sent, cannot produce it.
///
/// ```
/// // The example of §1.3.
/// assert_eq!(websocket::accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
// ANCHOR: accept_key
pub fn accept_key(key: &str) -> String {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    STANDARD.encode(digest)
}
// ANCHOR_END: accept_key

#[cfg(test)]
mod tests {
    use super::accept_key;

    #[test]
    fn the_example_of_section_1_3() {
        assert_eq!(
            accept_key("dGhlIHNhbXBsZSBub25jZQ=="),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
    }
}
