//! What `Messages` has to do. Sections are those of chapter 7.

use crate::subject::{Event, Frame, Messages};

/// Takes frames until one completes something or is refused.
fn take(
    messages: &mut Messages,
    frames: &[(bool, u8, &[u8])],
) -> Result<Vec<Event>, u16> {
    let mut events = Vec::new();
    for (fin, opcode, payload) in frames {
        events.extend(messages.take(Frame {
            fin: *fin,
            opcode: *opcode,
            payload: payload.to_vec(),
        })?);
    }
    Ok(events)
}

fn run(frames: &[(bool, u8, &[u8])]) -> Result<Vec<Event>, u16> {
    take(&mut Messages::new(1000), frames)
}

fn text(text: &str) -> Event {
    Event::Text(text.into())
}

#[test]
fn one_frame_is_one_message() {
    let events = run(&[(true, 1, b"tea"), (true, 2, &[0, 255]), (true, 1, b"")]);
    let expected = vec![text("tea"), Event::Binary(vec![0, 255]), text("")];
    assert_eq!(
        events,
        Ok(expected),
        "opcode 1 is text, 2 is binary. See \"From bytes to messages\"."
    );
}

#[test]
fn fragments_are_put_together() {
    let events = run(&[
        (false, 1, b"te"),
        (false, 0, b"a"),
        (true, 0, b"!"),
        (true, 1, b"again"),
    ]);
    assert_eq!(
        events,
        Ok(vec![text("tea!"), text("again")]),
        "the first fragment has the opcode, the rest have 0, FIN is the end. See \"From bytes to messages\"."
    );
}

#[test]
fn a_message_keeps_the_type_of_its_first_fragment() {
    let events = run(&[(false, 2, &[0xff]), (true, 0, &[0xfe])]);
    assert_eq!(
        events,
        Ok(vec![Event::Binary(vec![0xff, 0xfe])]),
        "a continuation does not say what it continues: that has to be remembered. See \"From bytes to messages\"."
    );
}

#[test]
fn a_ping_between_fragments_does_not_disturb_them() {
    let events = run(&[
        (false, 1, b"te"),
        (true, 9, b"there?"),
        (true, 10, b""),
        (true, 0, b"a"),
    ]);
    let expected = vec![
        Event::Control(9, b"there?".to_vec()),
        Event::Control(10, vec![]),
        text("tea"),
    ];
    assert_eq!(
        events,
        Ok(expected),
        "control frames may come between fragments. See \"From bytes to messages\"."
    );
}

#[test]
fn a_letter_may_be_cut_in_two() {
    let events = run(&[(false, 1, b"gr\xc3"), (true, 0, b"\xbcn")]);
    assert_eq!(
        events,
        Ok(vec![text("grün")]),
        "only the whole has to be UTF-8. See \"From bytes to messages\"."
    );
}

#[test]
fn text_that_is_none_is_1007() {
    assert_eq!(
        run(&[(true, 1, b"\xff")]),
        Err(1007),
        "it is not UTF-8. See \"From bytes to messages\"."
    );
    assert_eq!(
        run(&[(false, 1, b"gr"), (true, 0, b"\xc3")]),
        Err(1007),
        "its last letter never ends."
    );
    assert!(
        run(&[(true, 2, b"\xff")]).is_ok(),
        "binary messages may hold any bytes."
    );
}

#[test]
fn what_is_out_of_order_is_1002() {
    assert_eq!(
        run(&[(true, 0, b"")]),
        Err(1002),
        "there is nothing to continue. See \"From bytes to messages\"."
    );
    let unfinished = run(&[(false, 1, b"te"), (true, 1, b"a")]);
    assert_eq!(
        unfinished,
        Err(1002),
        "the first message is not finished. See \"From bytes to messages\"."
    );
    let ended = run(&[(false, 1, b"te"), (true, 0, b"a"), (true, 0, b"")]);
    assert_eq!(
        ended,
        Err(1002),
        "the message that it could continue is over. See \"From bytes to messages\"."
    );
}

#[test]
fn an_opcode_that_nobody_defined_is_1002() {
    for opcode in [3, 7, 11, 15] {
        assert_eq!(
            run(&[(true, opcode, b"")]),
            Err(1002),
            "opcode {opcode} means nothing yet. See \"A frame\"."
        );
    }
    let inside = run(&[(false, 1, b"te"), (true, 3, b"")]);
    assert_eq!(
        inside,
        Err(1002),
        "not inside a message either. See \"A frame\"."
    );
}

#[test]
fn control_frames_are_short_and_whole() {
    let long = [b'a'; 126];
    assert!(
        run(&[(true, 9, &long[..125])]).is_ok(),
        "125 bytes are allowed. See \"From bytes to messages\"."
    );
    assert_eq!(
        run(&[(true, 9, &long)]),
        Err(1002),
        "126 bytes are too many. See \"From bytes to messages\"."
    );
    assert_eq!(
        run(&[(false, 9, b"")]),
        Err(1002),
        "a ping has no fragments. See \"From bytes to messages\"."
    );
}

#[test]
fn a_limit_holds_for_all_fragments_together() {
    let mut messages = Messages::new(10);
    let exactly = take(&mut messages, &[(false, 2, &[1; 6]), (true, 0, &[1; 4])]);
    assert_eq!(
        exactly,
        Ok(vec![Event::Binary(vec![1; 10])]),
        "ten bytes are allowed. See \"From bytes to messages\"."
    );
    let over = take(&mut messages, &[(false, 2, &[1; 6]), (false, 0, &[1; 5])]);
    assert_eq!(
        over,
        Err(1009),
        "the eleventh byte is refused when it comes, not when the message ends. See \"From bytes to messages\"."
    );
}
