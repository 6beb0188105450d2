//! Caught by: the_example_of_the_standard
//!
//! The two are joined in the wrong order.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// A string that no server would send by accident (RFC 6455 §1.3).
pub const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The `Sec-WebSocket-Accept` that answers a client's `Sec-WebSocket-Key` (RFC 6455
/// §4.2.2, step 5.4).
pub fn accept_key(key: &str) -> String {
    let digest = Sha1::new().chain_update(GUID).chain_update(key).finalize();
    STANDARD.encode(digest)
}
