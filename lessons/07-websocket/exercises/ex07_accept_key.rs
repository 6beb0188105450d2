//! # The answer to the handshake
//!
//! A client sends `Sec-WebSocket-Key`, and the server shows with `Sec-WebSocket-Accept`
//! that it has understood: append the GUID to the key as it came, take the SHA-1 of that
//! text, and write the 20 bytes in base64.
//!
//! The crates `sha1` and `base64` are at hand. Try it: `cargo test --test
//! ex07_accept_key`

/// A string that no server would send by accident (RFC 6455 §1.3).
pub const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The `Sec-WebSocket-Accept` that answers a client's `Sec-WebSocket-Key` (RFC 6455
/// §4.2.2, step 5.4).
pub fn accept_key(key: &str) -> String {
    todo!("exercise ex07_accept_key: what answers {key:?}?")
}
