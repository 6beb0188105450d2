//! Caught by: the_first_acceptable_offer_is_taken
//!
//! Takes the last acceptable offer.

/// Returns the value of the server's `Sec-WebSocket-Extensions`, or `None` if the
/// connection stays without compression.
pub fn answer(offers: &str) -> Option<String> {
    offers.split(',').filter_map(accept).last()
}

/// Returns the answer to one offer, if it is acceptable.
fn accept(offer: &str) -> Option<String> {
    let mut parts = offer.split(';').map(str::trim);
    if parts.next() != Some("permessage-deflate") {
        return None;
    }
    let mut answer = String::from(
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    );
    let mut seen = Vec::new();
    for part in parts {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (part, None),
        };
        if seen.contains(&name) {
            return None;
        }
        seen.push(name);
        match (name, value) {
            (
                "server_no_context_takeover"
                | "client_no_context_takeover"
                | "client_max_window_bits",
                None,
            ) => {}
            ("client_max_window_bits", Some(value)) => {
                window_bits(value)?;
            }
            ("server_max_window_bits", Some(value)) => {
                let bits = window_bits(value)?;
                answer = format!("{answer}; server_max_window_bits={bits}");
            }
            _ => return None,
        }
    }
    Some(answer)
}

/// Reads a decimal number from 9 to 15.
fn window_bits(value: &str) -> Option<u8> {
    // `parse` would accept a plus sign and leading zeros.
    if !value.starts_with(|first| matches!(first, '1'..='9')) {
        return None;
    }
    value.parse().ok().filter(|bits| (9..=15).contains(bits))
}
