//! Caught by: several_data_fields_are_joined_by_line_feeds
//!
//! Ignores a `data` field without a value.

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
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "id" => id = value,
            "data" if !value.is_empty() => data.push(value),
            _ => {}
        }
    }
    events
}
