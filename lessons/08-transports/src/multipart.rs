//! The talk's streaming: `multipart/x-mixed-replace`, an answer in parts, each of which
//! replaces the one before.
//!
//! Netscape made it in 1995 for pictures that move, and cameras still use it. For a while
//! Firefox gave the parts to scripts (`xhr.multipart`); it does no more, so today a
//! script reads the body as a stream and finds the parts itself.

use bytes::Bytes;

/// What stands between parts. It must not occur inside of one; JSON has no line that
/// begins with two hyphens.
pub(crate) const BOUNDARY: &str = "event";

// ANCHOR: part
/// One part, with the boundary behind it: a reader knows that a part is complete when it
/// sees the next boundary, and would otherwise get each event only with the one after.
pub fn part(json: &str) -> String {
    format!("Content-Type: application/json\r\n\r\n{json}\r\n--{BOUNDARY}\r\n")
}
// ANCHOR_END: part

/// Finds the parts in a body, in whatever pieces it comes.
#[derive(Debug, Default)]
pub struct MultipartParser {
    buffer: Vec<u8>,
}

impl MultipartParser {
    /// Takes the next bytes of the body, and returns the contents of the parts that are
    /// complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Bytes> {
        self.buffer.extend_from_slice(bytes);
        let delimiter = format!("--{BOUNDARY}\r\n");
        let mut parts = Vec::new();
        while let Some(end) = find(&self.buffer, delimiter.as_bytes()) {
            let part: Vec<u8> = self.buffer.drain(..end + delimiter.len()).collect();
            if let Some(head) = find(&part, b"\r\n\r\n") {
                let content = &part[head + 4..end];
                parts.push(Bytes::copy_from_slice(
                    content.strip_suffix(b"\r\n").unwrap_or(content),
                ));
            }
        }
        parts
    }
}

pub(crate) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_however_they_are_split() {
        let body = format!("--{BOUNDARY}\r\n{}{}", part("{\"id\":1}"), part("[]"));
        for step in 1..=body.len() {
            let mut parser = MultipartParser::default();
            let parts: Vec<_> = body
                .as_bytes()
                .chunks(step)
                .flat_map(|piece| parser.feed(piece))
                .collect();
            assert_eq!(parts, ["{\"id\":1}", "[]"], "in steps of {step}");
        }
    }
}
