//! Caught by: what_is_framed_comes_back
//!
//! Leaves empty packets out of the body.

/// Stands before and after each length.
pub const FRAME: char = '\u{fffd}';

/// The frames of a body do not add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadFraming;

/// Returns the body for these packets.
pub fn frame(packets: &[&str]) -> String {
    if let [one] = packets {
        return (*one).to_owned();
    }
    let mut body = String::new();
    for packet in packets.iter().filter(|packet| !packet.is_empty()) {
        body.push(FRAME);
        body.push_str(&units(packet).to_string());
        body.push(FRAME);
        body.push_str(packet);
    }
    body
}

fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Returns the packets of a body.
///
/// # Errors
/// The frames do not add up.
pub fn unframe(body: &str) -> Result<Vec<String>, BadFraming> {
    if body.is_empty() {
        return Ok(Vec::new());
    }
    if !body.starts_with(FRAME) {
        return Ok(vec![body.to_owned()]);
    }
    let mut packets = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let (length, behind) = rest
            .strip_prefix(FRAME)
            .and_then(|rest| rest.split_once(FRAME))
            .ok_or(BadFraming)?;
        if !length.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BadFraming);
        }
        let length = length.parse().map_err(|_| BadFraming)?;
        let (packet, behind) = split(behind, length).ok_or(BadFraming)?;
        packets.push(packet.to_owned());
        rest = behind;
    }
    Ok(packets)
}

/// Splits a text after this number of units.
fn split(text: &str, length: usize) -> Option<(&str, &str)> {
    let mut left = length;
    for (index, char) in text.char_indices() {
        if left == 0 {
            return Some(text.split_at(index));
        }
        // `None` for half a character.
        left = left.checked_sub(char.len_utf16())?;
    }
    (left == 0).then_some((text, ""))
}
