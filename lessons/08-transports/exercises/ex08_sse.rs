//! # Reading Server-Sent Events
//!
//! The chapter writes a `text/event-stream`. Read one, as the browser's `EventSource` does.
//!
//! - CR LF, a line feed alone and a carriage return alone each end a line. Text after the
//!   last line end is a line that has not arrived completely: ignore it.
//! - A line is a field name, a colon and a value. One space after the colon, if there is
//!   one, is not part of the value. A line without a colon is a name with an empty value.
//! - `data` adds a line to the event's data; several are joined by `\n`. `id` sets the
//!   stream's current id, which stays for later events until the next `id`. Ignore all
//!   other names, and the lines that begin with a colon: those are comments.
//! - An empty line ends the event. It is delivered with the current id if it had at least
//!   one `data` field, even an empty one. Without `data` nothing is delivered.
//! - Data that no empty line has followed yet is not delivered.
//!
//! Try it: `cargo test --test ex08_sse`

/// An event, as a page receives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The stream's current id, empty before the first `id` field.
    pub id: String,
    /// The lines of its data, joined by `\n`.
    pub data: String,
}

/// Returns the events that are complete in `stream`.
pub fn events(stream: &str) -> Vec<Event> {
    todo!("exercise ex08_sse: which events are in {stream:?}?")
}
