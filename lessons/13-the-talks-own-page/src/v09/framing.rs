//! Several packets in one body: `\u{fffd}<length>\u{fffd}<packet>`, one after another.
//!
//! A body with one packet is that packet alone. The frame is there only when there are
//! several, and U+FFFD at the start says so.

use thiserror::Error;

use super::packet::digits;
use crate::utf16;

/// U+FFFD, the replacement character. Decoders put it where bytes make no sense, so
/// the authors expected that no text would contain it.
pub const FRAME: char = '\u{fffd}';

/// A body whose frames do not add up.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a frame is U+FFFD, a length in UTF-16 units, U+FFFD, and the packet")]
pub struct BadFraming;

/// Returns the body for these packets.
///
/// ```
/// use heritage::v09::encode_body;
///
/// assert_eq!(encode_body(["2::"]), "2::");
/// let two = encode_body(["3:::thé", "3:::👋"]);
/// assert_eq!(two, "\u{fffd}7\u{fffd}3:::thé\u{fffd}6\u{fffd}3:::👋");
/// ```
pub fn encode_body<'a>(packets: impl IntoIterator<Item = &'a str>) -> String {
    let mut packets = packets.into_iter().peekable();
    let Some(first) = packets.next() else {
        return String::new();
    };
    if packets.peek().is_none() {
        return first.to_owned();
    }
    let mut body = String::new();
    for packet in std::iter::once(first).chain(packets) {
        body.push(FRAME);
        body.push_str(&utf16::len(packet).to_string());
        body.push(FRAME);
        body.push_str(packet);
    }
    body
}

/// Takes a body apart. After an error there is nothing more.
///
/// ```
/// use heritage::v09::decode_body;
///
/// let body = "\u{fffd}7\u{fffd}3:::thé\u{fffd}3\u{fffd}2::";
/// let packets: Result<Vec<_>, _> = decode_body(body).collect();
/// assert_eq!(packets, Ok(vec!["3:::thé", "2::"]));
/// ```
pub fn decode_body(body: &str) -> Packets<'_> {
    Packets {
        rest: body,
        framed: body.starts_with(FRAME),
        done: body.is_empty(),
    }
}

/// The packets of a body: see [`decode_body`].
#[derive(Clone, Debug)]
pub struct Packets<'a> {
    rest: &'a str,
    framed: bool,
    done: bool,
}

impl<'a> Packets<'a> {
    fn frame(&mut self) -> Option<&'a str> {
        let (length, rest) = self.rest.strip_prefix(FRAME)?.split_once(FRAME)?;
        let length = usize::try_from(digits(length)?).ok()?;
        let (packet, rest) = utf16::split(rest, length)?;
        self.rest = rest;
        self.done = rest.is_empty();
        Some(packet)
    }
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<&'a str, BadFraming>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        if !self.framed {
            self.done = true;
            return Some(Ok(self.rest));
        }
        let frame = self.frame();
        self.done |= frame.is_none();
        Some(frame.ok_or(BadFraming))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(body: &str) -> Result<Vec<&str>, BadFraming> {
        decode_body(body).collect()
    }

    #[test]
    fn a_body_without_a_frame_is_one_packet() {
        assert_eq!(all("5:::x\u{fffd}3"), Ok(vec!["5:::x\u{fffd}3"]));
        assert_eq!(all(""), Ok(vec![]));
    }

    #[test]
    fn frames_that_do_not_add_up_are_refused() {
        for body in [
            "\u{fffd}",
            "\u{fffd}3",
            "\u{fffd}3\u{fffd}",
            "\u{fffd}3\u{fffd}2:",
            "\u{fffd}\u{fffd}2::",
            "\u{fffd}-3\u{fffd}2::",
            "\u{fffd}3\u{fffd}2::x",
            "\u{fffd}1\u{fffd}👋",
            "\u{fffd}99999999999999999999\u{fffd}2::",
        ] {
            assert_eq!(all(body), Err(BadFraming), "{body:?}");
        }
    }

    #[test]
    fn packets_before_a_bad_frame_are_returned() {
        let body = "\u{fffd}3\u{fffd}2::\u{fffd}9\u{fffd}2::";
        let packets: Vec<_> = decode_body(body).collect();
        assert_eq!(packets, [Ok("2::"), Err(BadFraming)]);
    }

    proptest! {
        #[test]
        fn what_is_framed_is_read(
            packets in proptest::collection::vec("[0-8]::[/a-zé👋\u{fffd}:]{0,9}", 1..6)
        ) {
            let body = encode_body(packets.iter().map(String::as_str));
            prop_assert_eq!(all(&body), Ok(packets.iter().map(String::as_str).collect()));
        }

        #[test]
        fn decode_ends_on_any_input(body in "[\u{fffd}0-9:a👋]*") {
            prop_assert!(decode_body(&body).count() <= body.len() + 1);
        }
    }
}
