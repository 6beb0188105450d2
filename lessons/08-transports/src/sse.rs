//! Server-Sent Events: the stream that browsers read themselves (HTML standard,
//! "Server-sent events").
//!
//! The format is lines of text. The advantage over the other streams is on the browser's
//! side: `EventSource` reconnects when the stream breaks, and sends the id of the last
//! event that it has seen in the header `Last-Event-ID`.

use std::fmt::Write;

// ANCHOR: sse_event
/// Formats an event. Each line of `data` becomes a `data` field, and a carriage return
/// ends a line too.
pub fn sse_event(id: u64, data: &str) -> String {
    let mut text = format!("id: {id}\n");
    for line in data.replace("\r\n", "\n").split(['\n', '\r']) {
        let _ = writeln!(text, "data: {line}");
    }
    text.push('\n');
    text
}
// ANCHOR_END: sse_event
