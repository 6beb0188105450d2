//! An event's text may hold anything, and the format is lines: so each line of it is a
//! field of its own. A field that was forgotten is worse than a broken event: what
//! follows a newline would be read as a field, so whoever writes the text could
//! write `id:` or `event:`, or end the event and begin another.

use std::fmt::Write;

/// One event of a `text/event-stream`.
pub fn sse_event(id: u64, data: &str) -> String {
    let mut text = format!("id: {id}\n");
    for line in data.replace("\r\n", "\n").split(['\n', '\r']) {
        let _ = writeln!(text, "data: {line}");
    }
    text.push('\n');
    text
}
