//! What `read` has to do. The sections are those of chapter 12.

use super::subject::{Request, Selection, read};

fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn of(rooms: &[&str], except: &[&str]) -> Selection {
    Selection {
        rooms: texts(rooms),
        except: texts(except),
    }
}

/// The request, which must be one.
fn request(text: &str) -> Option<Request> {
    read("me", text).unwrap_or_else(|error| {
        panic!("{text} is a request, and yours says: {error}. See \"A request, byte by byte\".")
    })
}

fn refused(text: &str, why: &str) {
    if let Ok(request) = read("me", text) {
        panic!(
            "{text}: {why}, but yours is {request:?}. See \"A request, byte by byte\"."
        );
    }
}

#[test]
fn a_join_has_a_selection_and_rooms() {
    let text = r#"{"uid":"f6mJjC","type":2,"opts":{"rooms":["tea"],"except":["asleep"]},"rooms":["cake","late"]}"#;
    assert_eq!(
        request(text),
        Some(Request::Join(
            of(&["tea"], &["asleep"]),
            texts(&["cake", "late"])
        )),
        "type 2 is a join: `opts` says who, `rooms` says where to. See \"A request, byte by byte\"."
    );
}

#[test]
fn a_leave_has_a_selection_and_rooms() {
    let text = r#"{"uid":"f6mJjC","type":3,"opts":{"rooms":[],"except":["tea"]},"rooms":["cake"]}"#;
    assert_eq!(
        request(text),
        Some(Request::Leave(of(&[], &["tea"]), texts(&["cake"]))),
        "type 3 is a leave. See \"A request, byte by byte\"."
    );
}

#[test]
fn a_disconnect_says_whether_the_connection_closes() {
    for close in [true, false] {
        let text = format!(
            r#"{{"uid":"f6mJjC","type":4,"opts":{{"rooms":["tea"],"except":[]}},"close":{close}}}"#
        );
        assert_eq!(
            request(&text),
            Some(Request::Disconnect(of(&["tea"], &[]), close)),
            "type 4 is a disconnect. See \"A request, byte by byte\"."
        );
    }
}

#[test]
fn a_question_has_an_id() {
    let text = r#"{"uid":"f6mJjC","requestId":"-zeb2W","type":1}"#;
    let id = "-zeb2W".to_owned();
    assert_eq!(
        request(text),
        Some(Request::Rooms { id }),
        "type 1 asks for rooms. See \"A request, byte by byte\"."
    );
    refused(
        r#"{"uid":"f6mJjC","type":1}"#,
        "nobody could answer a question without `requestId`",
    );
}

#[test]
fn what_is_missing_has_a_default() {
    assert_eq!(
        request(r#"{"type":2,"opts":{}}"#),
        Some(Request::Join(of(&[], &[]), texts(&[]))),
        "a list that is missing is empty. See \"A request, byte by byte\"."
    );
    assert_eq!(
        request(r#"{"type":4,"opts":{"rooms":["tea"]}}"#),
        Some(Request::Disconnect(of(&["tea"], &[]), false)),
        "a `close` that is missing is false. See \"A request, byte by byte\"."
    );
}

#[test]
fn a_change_without_opts_is_an_error() {
    for kind in [2, 3, 4] {
        refused(
            &format!(r#"{{"type":{kind},"rooms":["tea"]}}"#),
            "without `opts` it would be for all sockets",
        );
    }
}

#[test]
fn rooms_can_be_numbers() {
    let text =
        r#"{"type":3,"opts":{"rooms":[42],"except":[7,"tea"]},"rooms":["cake",1]}"#;
    assert_eq!(
        request(text),
        Some(Request::Leave(
            of(&["42"], &["7", "tea"]),
            texts(&["cake", "1"])
        )),
        "a program for Node can name a room by a number. See \"A request, byte by byte\"."
    );
}

#[test]
fn our_own_requests_are_not_for_us() {
    for text in [
        r#"{"uid":"me","type":2,"opts":{},"rooms":["tea"]}"#,
        r#"{"uid":"me","type":1,"requestId":"q"}"#,
    ] {
        assert_eq!(
            request(text),
            None,
            "we hear what we say ourselves. See \"A request, byte by byte\"."
        );
    }
    assert!(
        request(r#"{"uid":"me2","type":1,"requestId":"q"}"#).is_some(),
        "\"me2\" is another server than \"me\". See \"A request, byte by byte\"."
    );
}

#[test]
fn a_request_without_a_server_counts() {
    assert!(
        request(r#"{"type":2,"opts":{"rooms":["tea"],"except":[]},"rooms":["cake"]}"#)
            .is_some(),
        "the emitter is not a server, and has no `uid`. See \"A request, byte by byte\"."
    );
}

#[test]
fn what_is_unknown_is_ignored() {
    for kind in [0, 5, 99] {
        assert_eq!(
            request(&format!(
                r#"{{"uid":"f6mJjC","type":{kind},"more":[{{}}]}}"#
            )),
            None,
            "a newer version may have types that we do not know. See \"A request, byte by byte\"."
        );
    }
    let text = r#"{"type":1,"requestId":"q","since":"version 9","opts":{"flags":{"volatile":true}}}"#;
    assert!(
        request(text).is_some(),
        "fields that we do not know are ignored. See \"A request, byte by byte\"."
    );
}

#[test]
fn nonsense_is_an_error() {
    for text in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"type":"2","opts":{}}"#,
        r#"{"type":2,"opts":[1]}"#,
        r#"{"type":2,"opts":{"rooms":"tea"}}"#,
        r#"{"type":2,"opts":{},"rooms":[["tea"]]}"#,
        r#"{"type":2,"opts":{},"rooms":[null]}"#,
        r#"{"type":4,"opts":{},"close":"yes"}"#,
        r#"{"type":1,"requestId":7}"#,
    ] {
        refused(text, "this is not a request");
    }
}
