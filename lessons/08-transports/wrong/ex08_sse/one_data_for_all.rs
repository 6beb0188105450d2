//! Caught by: each_line_of_the_text_is_a_field_of_its_own
//!
//! The text goes in as it is.

use std::fmt::Write;

/// One event of a `text/event-stream`.
pub fn sse_event(id: u64, data: &str) -> String {
    let mut text = format!("id: {id}\n");
    for line in [data] {
        let _ = writeln!(text, "data: {line}");
    }
    text.push('\n');
    text
}
