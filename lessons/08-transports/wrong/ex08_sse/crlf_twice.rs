//! Caught by: every_end_of_a_line_counts_once
//!
//! CR LF counts as two ends.

use std::fmt::Write;

/// One event of a `text/event-stream`.
pub fn sse_event(id: u64, data: &str) -> String {
    let mut text = format!("id: {id}\n");
    for line in data.split(['\n', '\r']) {
        let _ = writeln!(text, "data: {line}");
    }
    text.push('\n');
    text
}
