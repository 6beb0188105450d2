//! Caught by: an_event_is_a_number_its_data_and_an_empty_line
//!
//! The browser waits for the empty line.

use std::fmt::Write;

/// One event of a `text/event-stream`.
pub fn sse_event(id: u64, data: &str) -> String {
    let mut text = format!("id: {id}\n");
    for line in data.replace("\r\n", "\n").split(['\n', '\r']) {
        let _ = writeln!(text, "data: {line}");
    }
    text
}
