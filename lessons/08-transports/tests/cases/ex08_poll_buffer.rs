//! What `PollBuffer` has to do. The sections are those of chapter 8.

use super::subject::PollBuffer;
use crate::support::same;

/// A buffer for three events, of which five were pushed.
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
fn the_first_event_is_number_one() {
    let mut buffer = PollBuffer::new(3);
    same(
        [buffer.push("a"), buffer.push("b")],
        [1, 2],
        "`push` was called twice. Numbers start at 1, so that 0 can mean \"none yet\". See \"Numbered events\".",
    );
}

#[test]
fn a_client_receives_the_events_after_its_number() {
    same(
        buffer().after(3),
        Some(vec![(4, "d".to_owned()), (5, "e".to_owned())]),
        "five events were pushed; a client that has seen 3 needs 4 and 5, each with its number. See \"Numbered events\".",
    );
}

#[test]
fn nothing_new_is_an_empty_list() {
    let why = "the client has seen everything: nothing is missed, there is only nothing new. See \"Numbered events\".";
    same(buffer().after(5), Some(vec![]), why);
    same(PollBuffer::new(3).after(0), Some(vec![]), why);
}

#[test]
fn the_oldest_kept_event_can_be_fetched() {
    same(
        numbers(&buffer(), 2),
        Some(vec![3, 4, 5]),
        "3, 4 and 5 are kept, so a client that has seen 2 has missed none of them. See \"Numbered events\".",
    );
}

#[test]
fn a_gap_is_reported() {
    let why = "event 2 is no longer kept, and a list that starts with 3 would hide that. See \"Numbered events\".";
    same(numbers(&buffer(), 1), None, why);
    same(numbers(&buffer(), 0), None, why);
}

#[test]
fn a_number_that_was_never_assigned_is_reported() {
    same(
        numbers(&buffer(), 6),
        None,
        "the last number is 5, so 6 comes from before a restart of the server. See \"Numbered events\".",
    );
}

#[test]
fn any_number_can_be_asked_for() {
    same(
        numbers(&buffer(), u64::MAX),
        None,
        "the number comes from the network and can be the largest `u64`: adding 1 to it overflows. See \"Numbered events\".",
    );
}

#[test]
fn a_buffer_without_room_keeps_nothing() {
    let mut buffer = PollBuffer::new(0);
    buffer.push("a");
    let why = "a buffer of capacity 0 has numbered event 1 and dropped it at once. See \"Numbered events\".";
    same(numbers(&buffer, 1), Some(vec![]), why);
    same(numbers(&buffer, 0), None, why);
}
