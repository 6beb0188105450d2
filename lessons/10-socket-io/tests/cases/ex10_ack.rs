//! What `Acks` has to do. The sections are those of chapter 10.

use std::time::Duration;

use super::subject::{Acks, Outcome};

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn every_question_has_a_new_id() {
    let mut acks = Acks::new();
    let first = acks.ask(at(0), at(10));
    assert_eq!(first, 0, "the first id is 0. See \"Acknowledgements\".");
    acks.answer(first, "yes");
    let second = acks.ask(at(1), at(10));
    acks.on_time(at(20));
    let third = acks.ask(at(21), at(10));
    let numbers = (second, third);
    assert_eq!(
        numbers,
        (1, 2),
        "ids are not used again: a late answer to an old question must not answer a new one. See \"Acknowledgements\"."
    );
}

#[test]
fn an_answer_ends_its_question() {
    let mut acks = Acks::new();
    let (first, second) = (acks.ask(at(0), at(10)), acks.ask(at(0), at(10)));
    let answer = acks.answer(second, "two");
    assert_eq!(
        answer,
        Some(Outcome::Answer("two".into())),
        "questions can be answered in any order. See \"Acknowledgements\"."
    );
    let answer = acks.answer(first, "one");
    assert_eq!(
        answer,
        Some(Outcome::Answer("one".into())),
        "the first question is still open. See \"Acknowledgements\"."
    );
    assert_eq!(
        acks.deadline(),
        None,
        "no question is open. See \"Acknowledgements\"."
    );
}

#[test]
fn an_answer_without_a_question_is_ignored() {
    let mut acks = Acks::new();
    assert_eq!(
        acks.answer(0, "yes"),
        None,
        "no question has been asked yet. See \"Acknowledgements\"."
    );
    let id = acks.ask(at(0), at(10));
    acks.answer(id, "yes");
    assert_eq!(
        acks.answer(id, "no"),
        None,
        "the question has been answered before. See \"Acknowledgements\"."
    );
    assert_eq!(
        acks.answer(u64::MAX, "?"),
        None,
        "no question has this id. See \"Acknowledgements\"."
    );
}

#[test]
fn a_question_ends_when_its_time_has_passed() {
    let mut acks = Acks::new();
    let id = acks.ask(at(5), at(10));
    assert_eq!(
        acks.deadline(),
        Some(at(15)),
        "10 seconds after the question was asked, at 5 s. See \"Acknowledgements\"."
    );
    assert_eq!(
        acks.on_time(at(14)),
        [],
        "the question has one second left. See \"Acknowledgements\"."
    );
    assert_eq!(
        acks.on_time(at(15)),
        [(id, Outcome::Timeout)],
        "the time has passed. See \"Acknowledgements\"."
    );
    assert_eq!(
        acks.answer(id, "late"),
        None,
        "the question has ended already. See \"Acknowledgements\"."
    );
    assert_eq!(
        acks.on_time(at(99)),
        [],
        "each question ends once. See \"Acknowledgements\"."
    );
}

#[test]
fn questions_end_in_the_order_in_which_they_were_due() {
    let mut acks = Acks::new();
    let long = acks.ask(at(0), at(30));
    let short = acks.ask(at(0), at(10));
    let middle = acks.ask(at(10), at(10));
    assert_eq!(
        acks.deadline(),
        Some(at(10)),
        "the deadline of the question that is due next. See \"Acknowledgements\"."
    );
    let over: Vec<_> = acks.on_time(at(25)).into_iter().map(|(id, _)| id).collect();
    assert_eq!(
        over,
        [short, middle],
        "the questions were due at 10 s and at 20 s. See \"Acknowledgements\"."
    );
    assert_eq!(
        acks.deadline(),
        Some(at(30)),
        "one question is left. See \"Acknowledgements\"."
    );
    assert_eq!(
        acks.on_time(at(30)),
        [(long, Outcome::Timeout)],
        "its time has passed. See \"Acknowledgements\"."
    );
}

#[test]
fn an_answered_question_is_not_due() {
    let mut acks = Acks::new();
    let first = acks.ask(at(0), at(10));
    let second = acks.ask(at(0), at(20));
    acks.answer(first, "yes");
    assert_eq!(
        acks.deadline(),
        Some(at(20)),
        "only the second question is open. See \"Acknowledgements\"."
    );
    assert_eq!(
        acks.on_time(at(20)),
        [(second, Outcome::Timeout)],
        "the first question was answered. See \"Acknowledgements\"."
    );
}

#[test]
fn a_disconnect_ends_all_questions() {
    let mut acks = Acks::new();
    let (first, second) = (acks.ask(at(0), at(30)), acks.ask(at(0), at(10)));
    let ended = acks.disconnect();
    let expected = [
        (first, Outcome::Disconnected),
        (second, Outcome::Disconnected),
    ];
    assert_eq!(
        ended, expected,
        "the client is gone, so its questions end. See \"Acknowledgements\"."
    );
    assert_eq!(
        (acks.deadline(), acks.disconnect().len()),
        (None, 0),
        "the questions have ended already. See \"Acknowledgements\"."
    );
    assert_eq!(
        acks.on_time(at(99)),
        [],
        "the questions ended with the disconnect, and may not time out later. See \"Acknowledgements\"."
    );
}

#[test]
fn the_order_is_that_of_the_deadlines() {
    let mut acks = Acks::new();
    for timeout in [30, 10, 20, 10] {
        acks.ask(at(0), at(timeout));
    }
    let ended: Vec<_> = acks.on_time(at(30)).into_iter().map(|(id, _)| id).collect();
    assert_eq!(
        ended,
        [1, 3, 2, 0],
        "they were due at 10 s (1 and 3), 20 s (2) and 30 s (0). See \"Acknowledgements\"."
    );
}

#[test]
fn ids_are_not_used_again_after_a_disconnect() {
    let mut acks = Acks::new();
    acks.ask(at(0), at(10));
    acks.disconnect();
    assert_eq!(
        acks.ask(at(1), at(10)),
        1,
        "the id 0 was used before the disconnect. See \"Acknowledgements\"."
    );
}
