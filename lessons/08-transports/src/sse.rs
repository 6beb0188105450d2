//! Server-Sent Events: the stream that browsers read by themselves (HTML standard,
//! "Server-sent events").
//!
//! The format is lines of text. What makes it better than the streams around it is on the
//! other side: `EventSource` opens the stream again when it breaks, and says in
//! `Last-Event-ID` what it has seen.

use std::fmt::Write;

// ANCHOR: sse_event
/// One event. Each line of `data` needs a `data:` of its own, and a carriage return
/// counts as the end of a line.
pub fn sse_event(id: u64, data: &str) -> String {
    let mut text = format!("id: {id}\n");
    for line in data.replace("\r\n", "\n").split(['\n', '\r']) {
        let _ = writeln!(text, "data: {line}");
    }
    text.push('\n');
    text
}
// ANCHOR_END: sse_event
