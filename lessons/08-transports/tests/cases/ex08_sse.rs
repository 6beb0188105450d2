//! What `events` has to do. The sections are those of chapter 8.

use super::subject::events;
use crate::support;

/// Reads `stream` and compares with the wanted pairs of id and data.
#[track_caller]
fn reads(stream: &str, wanted: &[(&str, &str)], why: &str) {
    let yours: Vec<(String, String)> = events(stream)
        .into_iter()
        .map(|event| (event.id, event.data))
        .collect();
    let wanted: Vec<(String, String)> = wanted
        .iter()
        .map(|&(id, data)| (id.to_owned(), data.to_owned()))
        .collect();
    support::same(
        yours,
        wanted,
        &format!("the stream {stream:?}: {why} See \"Server-Sent Events\"."),
    );
}

#[test]
fn an_event_has_an_id_and_data() {
    reads(
        "id: 41\ndata: hello\n\nid: 42\ndata: world\n\n",
        &[("41", "hello"), ("42", "world")],
        "an empty line ends each event.",
    );
}

#[test]
fn several_data_fields_are_joined_by_line_feeds() {
    reads(
        "id: 1\ndata: a\ndata: b\ndata:\ndata: c\n\n",
        &[("1", "a\nb\n\nc")],
        "each `data` is one line of the text.",
    );
}

#[test]
fn three_line_ends_are_read() {
    let why = "CR LF is one line end, and so are LF alone and CR alone.";
    for end in ["\n", "\r", "\r\n"] {
        reads(
            &format!("id: 1{end}data: a{end}data: b{end}{end}"),
            &[("1", "a\nb")],
            why,
        );
    }
    reads("data: a\r\ndata: b\rdata: c\n\n", &[("", "a\nb\nc")], why);
}

#[test]
fn lf_before_cr_is_two_line_ends() {
    reads(
        "data: a\n\rdata: b\n\n",
        &[("", "a"), ("", "b")],
        "LF ends the line and CR ends an empty one, so two events are complete.",
    );
}

#[test]
fn one_space_after_the_colon_is_dropped() {
    let why = "exactly one space after the colon is not part of the value.";
    reads("data:a\n\n", &[("", "a")], why);
    reads("data:   a  \n\n", &[("", "  a  ")], why);
    reads("id:  7\ndata: \ta\n\n", &[(" 7", "\ta")], why);
}

#[test]
fn only_the_first_colon_separates() {
    reads(
        "data: a:b: c\n\n",
        &[("", "a:b: c")],
        "later colons belong to the value.",
    );
}

#[test]
fn an_empty_data_field_is_delivered() {
    let why = "there was a `data` field, so an event with empty data is delivered.";
    reads("data:\n\n", &[("", "")], why);
    reads("data\n\n", &[("", "")], why);
    reads("data\ndata\n\n", &[("", "\n")], why);
}

#[test]
fn comments_and_other_fields_are_ignored() {
    let why = "only `data` and `id` count; a line that begins with a colon is a comment.";
    reads(
        ": hello\n:data: x\nevent: y\nretry: 10\ndatabase: z\nidle: 3\nData: q\ndata: a\n\n",
        &[("", "a")],
        why,
    );
}

#[test]
fn an_empty_line_without_data_delivers_nothing() {
    reads(
        ": here we go\n\n\n\nid: 1\n\ndata: a\n\n",
        &[("1", "a")],
        "without `data` there is no event, but the id counts.",
    );
}

#[test]
fn an_id_stays_until_the_next() {
    reads(
        "data: a\n\nid: 1\ndata: b\n\ndata: c\n\nid\ndata: d\n\n",
        &[("", "a"), ("1", "b"), ("1", "c"), ("", "d")],
        "the id belongs to the stream; an event without `id` has the last one, and an empty `id` clears it.",
    );
    reads(
        "data: a\nid: 1\nid: 2\n\n",
        &[("2", "a")],
        "what counts is the id when the empty line arrives.",
    );
}

#[test]
fn an_unfinished_event_is_not_delivered() {
    let stream = "data: a\n\ndata: b\n\n";
    for cut in 0..stream.len() {
        let wanted: &[(&str, &str)] = if cut < 9 { &[] } else { &[("", "a")] };
        reads(
            &stream[..cut],
            wanted,
            "an event is complete when its empty line has ended.",
        );
    }
    reads(
        "data: a\n\ndata: b\n\nid: 9",
        &[("", "a"), ("", "b")],
        "the last line has not ended, and belongs to an event that has not ended either.",
    );
}
