//! What `Messages` has to do. Sections are those of chapter 7.

use super::subject::{Event, Frame, Messages};

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const PING: u8 = 9;
const PONG: u8 = 10;
const CONTROL: [(u8, &str); 3] = [(8, "close frame"), (PING, "ping"), (PONG, "pong")];

/// Hands over frames, each a FIN, an opcode and a payload, until one is refused.
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

/// As `run`, with a limit of ten bytes.
fn run_ten(frames: &[(bool, u8, &[u8])]) -> Result<Vec<Event>, u16> {
    take(&mut Messages::new(10), frames)
}

fn text(text: &str) -> Event {
    Event::Text(text.into())
}

#[test]
fn one_frame_is_one_message() {
    let events = run(&[
        (true, TEXT, b"tea"),
        (true, BINARY, &[0, 255]),
        (true, TEXT, b""),
    ]);
    let expected = vec![text("tea"), Event::Binary(vec![0, 255]), text("")];
    assert_eq!(
        events,
        Ok(expected),
        "(left: yours, right: wanted) opcode 1 is text, 2 is binary, and with FIN each \
         is a whole message. See \"Opcodes\"."
    );
}

#[test]
fn fragments_are_put_together() {
    let events = run(&[
        (false, TEXT, b"te"),
        (false, 0, b"a"),
        (true, 0, b"!"),
        (true, TEXT, b"again"),
    ]);
    assert_eq!(
        events,
        Ok(vec![text("tea!"), text("again")]),
        "(left: yours, right: wanted) the first fragment has the opcode, the rest have \
         0, and FIN marks the last. See \"Fragments\"."
    );
}

#[test]
fn a_message_keeps_the_type_of_its_first_fragment() {
    let events = run(&[(false, BINARY, &[0xff]), (true, 0, &[0xfe])]);
    assert_eq!(
        events,
        Ok(vec![Event::Binary(vec![0xff, 0xfe])]),
        "(left: yours, right: wanted) a continuation frame does not say what it \
         continues, so you have to remember it. See \"Fragments\"."
    );
}

#[test]
fn an_empty_first_fragment_begins_a_message() {
    let events = run(&[(false, TEXT, b""), (true, 0, b"a")]);
    assert_eq!(
        events,
        Ok(vec![text("a")]),
        "(left: yours, right: wanted) the first fragment was empty, and it began a \
         message all the same. See \"Fragments\"."
    );
    let events = run(&[(false, TEXT, b""), (true, TEXT, b"a")]);
    assert_eq!(
        events,
        Err(1002),
        "(left: yours, right: wanted) the unfinished message has no bytes yet, and a new \
         one began inside it. See \"Fragments\"."
    );
}

#[test]
fn control_frames_between_fragments_change_nothing() {
    for (opcode, name) in CONTROL {
        let events = run(&[
            (false, TEXT, b"te"),
            (true, opcode, b"there?"),
            (true, opcode, b""),
            (true, 0, b"a"),
        ]);
        let expected = vec![
            Event::Control(opcode, b"there?".to_vec()),
            Event::Control(opcode, vec![]),
            text("tea"),
        ];
        assert_eq!(
            events,
            Ok(expected),
            "(left: yours, right: wanted) a {name} came between two fragments of \
             \"tea\". See \"Fragments\"."
        );
    }
}

#[test]
fn a_character_can_be_cut_between_fragments() {
    let events = run(&[(false, TEXT, b"gr\xc3"), (true, 0, b"\xbcn")]);
    assert_eq!(
        events,
        Ok(vec![text("grün")]),
        "(left: yours, right: wanted) the message as a whole has to be UTF-8, not each \
         fragment. See \"Text in pieces\"."
    );
}

#[test]
fn text_that_is_not_utf8_is_1007() {
    assert_eq!(
        run(&[(true, TEXT, b"\xff")]),
        Err(1007),
        "(left: yours, right: wanted) the byte ff is not UTF-8. See \"Text in pieces\"."
    );
    assert_eq!(
        run(&[(false, TEXT, b"gr"), (true, 0, b"\xc3")]),
        Err(1007),
        "(left: yours, right: wanted) the text ends inside a character. \
         See \"Text in pieces\"."
    );
    assert_eq!(
        run(&[(true, BINARY, b"\xff")]),
        Ok(vec![Event::Binary(vec![0xff])]),
        "(left: yours, right: wanted) a binary message can hold any bytes. \
         See \"Opcodes\"."
    );
}

#[test]
fn a_continuation_needs_a_message() {
    for fin in [true, false] {
        assert_eq!(
            run(&[(fin, 0, b"")]),
            Err(1002),
            "(left: yours, right: wanted) there was no message to continue. \
             See \"Fragments\"."
        );
    }
    let ended = run(&[(false, TEXT, b"te"), (true, 0, b"a"), (true, 0, b"")]);
    assert_eq!(
        ended,
        Err(1002),
        "(left: yours, right: wanted) the message was complete, so there was none to \
         continue. See \"Fragments\"."
    );
}

#[test]
fn a_message_cannot_begin_inside_another() {
    for (first, second) in [
        (TEXT, TEXT),
        (TEXT, BINARY),
        (BINARY, TEXT),
        (BINARY, BINARY),
    ] {
        for fin in [true, false] {
            assert_eq!(
                run(&[(false, first, b"te"), (fin, second, b"a")]),
                Err(1002),
                "(left: yours, right: wanted) a frame with opcode {second} and FIN {fin} \
                 came while a message of opcode {first} was unfinished. See \"Fragments\"."
            );
        }
    }
}

#[test]
fn an_undefined_opcode_is_1002() {
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        assert_eq!(
            run(&[(true, opcode, b"")]),
            Err(1002),
            "(left: yours, right: wanted) opcode {opcode} has no meaning. See \"Opcodes\"."
        );
        assert_eq!(
            run(&[(false, TEXT, b"te"), (true, opcode, b"")]),
            Err(1002),
            "(left: yours, right: wanted) opcode {opcode} has no meaning inside a \
             message either. See \"Opcodes\"."
        );
    }
}

#[test]
fn control_frames_are_short_and_whole() {
    let long = [b'a'; 126];
    for (opcode, name) in CONTROL {
        assert_eq!(
            run(&[(true, opcode, &long[..125])]),
            Ok(vec![Event::Control(opcode, long[..125].to_vec())]),
            "(left: yours, right: wanted) a {name} of 125 bytes is allowed. \
             See \"Opcodes\"."
        );
        assert_eq!(
            run(&[(true, opcode, &long)]),
            Err(1002),
            "(left: yours, right: wanted) a {name} of 126 bytes is too long. \
             See \"Opcodes\"."
        );
        assert_eq!(
            run(&[(false, opcode, b"")]),
            Err(1002),
            "(left: yours, right: wanted) a {name} had no FIN: control frames are never \
             fragmented. See \"Opcodes\"."
        );
    }
}

#[test]
fn the_limit_is_for_all_fragments_together() {
    let mut messages = Messages::new(10);
    let exactly = take(
        &mut messages,
        &[(false, BINARY, &[1; 6]), (true, 0, &[1; 4])],
    );
    assert_eq!(
        exactly,
        Ok(vec![Event::Binary(vec![1; 10])]),
        "(left: yours, right: wanted) six bytes and four are ten, and ten are allowed. \
         See \"Limits\"."
    );
    for opcode in [TEXT, BINARY] {
        let over = run_ten(&[(false, opcode, b"sixsix"), (false, 0, b"fives")]);
        assert_eq!(
            over,
            Err(1009),
            "(left: yours, right: wanted) with opcode {opcode}, the eleventh byte of ten \
             has to be refused when it arrives, not when the message ends. See \"Limits\"."
        );
    }
}

#[test]
fn the_limit_is_for_a_single_frame_too() {
    for opcode in [TEXT, BINARY] {
        for fin in [true, false] {
            assert_eq!(
                run_ten(&[(fin, opcode, b"eleven char")]),
                Err(1009),
                "(left: yours, right: wanted) one frame with opcode {opcode} and FIN \
                 {fin} has eleven bytes, of ten that are allowed. See \"Limits\"."
            );
        }
    }
}

#[test]
fn control_frames_do_not_count() {
    for (opcode, name) in CONTROL {
        let events = run_ten(&[
            (false, BINARY, &[1; 6]),
            (true, opcode, &[7; 20]),
            (true, 0, &[2; 4]),
        ]);
        let expected = vec![
            Event::Control(opcode, vec![7; 20]),
            Event::Binary([[1; 6].as_slice(), &[2; 4]].concat()),
        ];
        assert_eq!(
            events,
            Ok(expected),
            "(left: yours, right: wanted) `max_message` is for messages, and a {name} is \
             not part of one. See \"Limits\"."
        );
    }
}

#[test]
fn too_many_bytes_come_before_wrong_bytes() {
    assert_eq!(
        run_ten(&[(true, TEXT, &[0xff; 11])]),
        Err(1009),
        "(left: yours, right: wanted) the message was too long and not UTF-8. UTF-8 is \
         checked last. See the list in the task."
    );
    assert_eq!(
        run_ten(&[(false, TEXT, b"\xff"), (true, TEXT, &[b'a'; 11])]),
        Err(1002),
        "(left: yours, right: wanted) the frame was too long, and it began a message \
         inside another. The order of frames is checked first. See the list in the task."
    );
    assert_eq!(
        run(&[(false, TEXT, b"\xff"), (true, BINARY, b"")]),
        Err(1002),
        "(left: yours, right: wanted) the text was wrong, but it was not complete when a \
         frame broke another rule. See the list in the task."
    );
}
