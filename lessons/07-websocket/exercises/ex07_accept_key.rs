//! # The client's half of the handshake
//!
//! With `Sec-WebSocket-Accept` a server shows that it has understood the request. The
//! client has to check it.
//!
//! - `key` returns the `Sec-WebSocket-Key` for 16 random bytes: the bytes in base64.
//! - `is_accepted` says whether a response accepts the request that had this key. All
//!   four of these must hold:
//!   - the status is 101;
//!   - the value of `Upgrade` is `websocket`;
//!   - the value of `Connection` is a list with commas, and one of its words is
//!     `Upgrade`;
//!   - the value of `Sec-WebSocket-Accept` is the accept key for *this* key.
//! - Upper and lower case make no difference in the names of headers, in `websocket` and
//!   in `Upgrade`. In the accept key they do. A word in a list can have spaces around it.
//!
//! `websocket::accept_key` is the chapter's function; call it.
//!
//! Try it: `cargo test --test ex07_accept_key`
#![allow(unused_imports, reason = "remove this line when you use all of them")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use websocket::accept_key;

/// Returns the `Sec-WebSocket-Key` for these random bytes.
pub fn key(nonce: [u8; 16]) -> String {
    todo!("exercise ex07_accept_key: which text has the bytes {nonce:?}?")
}

/// Returns whether the response with this status and these headers, each a name and a
/// value, accepts the request that had `key`.
pub fn is_accepted(key: &str, status: u16, headers: &[(&str, &str)]) -> bool {
    todo!("exercise ex07_accept_key: do {status} and {headers:?} accept {key:?}?")
}
