//! What `PollBuffer` has to do. Sections are those of chapter 8.

use crate::subject::PollBuffer;

/// Three of five events.
fn buffer() -> PollBuffer {
    let mut buffer = PollBuffer::new(3);
    for data in ["a", "b", "c", "d", "e"] {
        buffer.push(data);
    }
    buffer
}

fn numbers(buffer: &PollBuffer, id: u64) -> Option<Vec<u64>> {
    Some(
        buffer
            .after(id)?
            .into_iter()
            .map(|(number, _)| number)
            .collect(),
    )
}

#[test]
fn numbers_count_from_one() {
    let mut buffer = PollBuffer::new(3);
    assert_eq!(
        [buffer.push("a"), buffer.push("b")],
        [1, 2],
        "The first event is number 1, so that 0 can say \"none yet\". See \"A number for each event\"."
    );
}

#[test]
fn a_client_gets_what_came_behind_its_number() {
    assert_eq!(
        buffer().after(3),
        Some(vec![(4, "d".to_owned()), (5, "e".to_owned())]),
        "Whoever has 3 wants 4 and 5, each with its number. See \"A number for each event\"."
    );
}

#[test]
fn nothing_new_is_an_answer() {
    assert_eq!(
        (numbers(&buffer(), 5), numbers(&PollBuffer::new(3), 0)),
        (Some(vec![]), Some(vec![])),
        "Nothing is missed, there is just nothing new. See \"Long polling\"."
    );
}

#[test]
fn the_oldest_that_is_kept_can_be_had() {
    assert_eq!(
        numbers(&buffer(), 2),
        Some(vec![3, 4, 5]),
        "Three events are kept, and whoever has 2 has missed none of them. See \"A number for each event\"."
    );
}

#[test]
fn what_is_gone_is_said() {
    assert_eq!(
        (numbers(&buffer(), 1), numbers(&buffer(), 0)),
        (None, None),
        "Event 2 is no longer kept: an answer that begins with 3 would hide the hole. See \"A number for each event\"."
    );
}

#[test]
fn a_number_that_was_never_given_out_is_said() {
    assert_eq!(
        numbers(&buffer(), 6),
        None,
        "6 was never given out: the server was started again. See \"A number for each event\"."
    );
}
