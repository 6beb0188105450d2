//! # Answer an offer of compression
//!
//! A client has sent the header `Sec-WebSocket-Extensions`. Write the value that the
//! server answers with. Your server keeps no context between two messages and asks the
//! client for the same. It leaves the client's window as it is.
//!
//! - `offers` is the header's value: offers in the client's order of preference, with
//!   commas between them. An offer is a name and any number of parameters, each after a
//!   semicolon: a name, or a name, `=` and a value. There can be spaces around each of
//!   these. No value is quoted.
//! - Return the answer to the first offer that is acceptable, or `None` if none is.
//! - An acceptable offer has the name `permessage-deflate` and only the four parameters
//!   of the chapter, each of them once at most. `server_no_context_takeover` and
//!   `client_no_context_takeover` have no value, `server_max_window_bits` has one, and
//!   `client_max_window_bits` can have one.
//! - A value is a decimal number from 9 to 15, in digits, without a leading zero. (The
//!   standard allows 8 too, but zlib cannot compress with so small a window.)
//! - The answer is `permessage-deflate; server_no_context_takeover;
//!   client_no_context_takeover`. If the offer has `server_max_window_bits`, it is
//!   followed by `; server_max_window_bits=` and the offer's value.
//!
//! Try it: `cargo test --test ex07_extension`

/// Returns the value of the server's `Sec-WebSocket-Extensions`, or `None` if the
/// connection stays without compression.
pub fn answer(offers: &str) -> Option<String> {
    todo!("exercise ex07_extension: what is the answer to {offers:?}?")
}
