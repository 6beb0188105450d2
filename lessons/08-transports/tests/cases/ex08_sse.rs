//! What `sse_event` has to do. Sections are those of chapter 8.

use crate::subject::sse_event;

#[test]
fn an_event_is_a_number_its_data_and_an_empty_line() {
    assert_eq!(
        sse_event(41, "hello"),
        "id: 41\ndata: hello\n\n",
        "A line for the number, one for the data, and an empty one. See \"Server-Sent Events\"."
    );
}

#[test]
fn each_line_of_the_text_is_a_field_of_its_own() {
    assert_eq!(
        sse_event(1, "a\nid: 7"),
        "id: 1\ndata: a\ndata: id: 7\n\n",
        "A newline in the text would end the field: what is behind it needs a `data:` too. See \"Server-Sent Events\"."
    );
}

#[test]
fn every_end_of_a_line_counts_once() {
    assert_eq!(
        sse_event(1, "a\r\nb\rc"),
        "id: 1\ndata: a\ndata: b\ndata: c\n\n",
        "CR LF is one end of a line, and a CR alone is one too. See \"Server-Sent Events\"."
    );
}

#[test]
fn a_line_may_be_empty() {
    for (text, event) in [
        ("", "id: 1\ndata: \n\n"),
        ("a\n", "id: 1\ndata: a\ndata: \n\n"),
    ] {
        assert_eq!(
            sse_event(1, text),
            event,
            "An empty line of {text:?} is a `data:` with nothing behind it. See \"Server-Sent Events\"."
        );
    }
}
