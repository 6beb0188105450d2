//! Caught by: a_line_may_be_empty
//!
//! `lines` leaves out an empty last line.

use std::fmt::Write;

/// One event of a `text/event-stream`.
pub fn sse_event(id: u64, data: &str) -> String {
    let mut text = format!("id: {id}\n");
    for line in data.replace("\r\n", "\n").replace('\r', "\n").lines() {
        let _ = writeln!(text, "data: {line}");
    }
    text.push('\n');
    text
}
