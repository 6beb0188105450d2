//! The talk's streaming: `multipart/x-mixed-replace`, a body in parts, each of which
//! replaces the one before.
//!
//! Netscape introduced it in 1995 for animated pictures, and cameras still use it. For
//! some years Firefox passed the parts to scripts (`xhr.multipart`). No browser does so
//! today, so our page reads the body as a stream and finds the parts itself.

use bytes::Bytes;

/// The text between parts. It must not occur inside a part, and it does not: no line of
/// our JSON begins with two hyphens.
pub(crate) const BOUNDARY: &str = "event";

// ANCHOR: part
/// Returns a part and the boundary after it. A reader recognizes the end of a part by the
/// next boundary, so without it each event would arrive one event late.
pub fn part(json: &str) -> String {
    format!("Content-Type: application/json\r\n\r\n{json}\r\n--{BOUNDARY}\r\n")
}
// ANCHOR_END: part

/// Finds the parts in a body that arrives in any pieces.
#[derive(Debug, Default)]
pub struct MultipartParser {
    buffer: Vec<u8>,
}

impl MultipartParser {
    /// Accepts the next bytes of the body and returns the contents of the parts that are
    /// now complete.
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
