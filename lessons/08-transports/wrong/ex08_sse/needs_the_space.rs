//! Caught by: one_space_after_the_colon_is_dropped
//!
//! Reads no field without a space after its colon.

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
    let text = stream.replace("\r\n", "\n").replace('\r', "\n");
    let (mut events, mut id, mut data) = (Vec::new(), "", Vec::new());
    let complete = text.rsplit_once('\n').map(|(lines, _)| lines.split('\n'));
    for line in complete.into_iter().flatten() {
        if line.is_empty() {
            if !data.is_empty() {
                events.push(Event {
                    id: id.to_owned(),
                    data: data.join("\n"),
                });
            }
            data.clear();
            continue;
        }
        let (name, value) = line.split_once(": ").unwrap_or((line, ""));

        match name {
            "id" => id = value,
            "data" => data.push(value),
            _ => {}
        }
    }
    events
}
