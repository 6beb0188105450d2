//! # An event, as a browser reads it
//!
//! Write one Server-Sent Event: a line `id: ` with its number, a line `data: ` for each
//! line of the text, and an empty line, which says that the event is complete. A line of
//! the text ends with a line feed, a carriage return, or both.
//!
//! Try it: `cargo test --test ex08_sse`

/// One event of a `text/event-stream`.
pub fn sse_event(id: u64, data: &str) -> String {
    todo!("exercise ex08_sse: event {id} says {data:?}")
}
