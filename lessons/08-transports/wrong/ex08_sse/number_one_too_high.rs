//! Caught by: an_event_is_a_number_its_data_and_an_empty_line
//!
//! The next number instead of this one.

use std::fmt::Write;

/// One event of a `text/event-stream`.
pub fn sse_event(id: u64, data: &str) -> String {
    let mut text = format!("id: {}\n", id + 1);
    for line in data.replace("\r\n", "\n").split(['\n', '\r']) {
        let _ = writeln!(text, "data: {line}");
    }
    text.push('\n');
    text
}
