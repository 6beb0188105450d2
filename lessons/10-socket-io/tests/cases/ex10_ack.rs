//! What `Acks` has to do. Sections are those of chapter 10.

use std::time::Duration;

use crate::subject::{Acks, Outcome};

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn each_question_has_a_number_of_its_own() {
    let mut acks = Acks::new();
    let first = acks.ask(at(0), at(10));
    assert_eq!(first, 0, "numbers begin at 0. See \"Acknowledgements\".");
    acks.answer(first, "yes");
    let second = acks.ask(at(1), at(10));
    acks.on_time(at(20));
    let third = acks.ask(at(21), at(10));
    let numbers = (second, third);
    assert_eq!(
        numbers,
        (1, 2),
        "a late answer to an old number must not answer a new one. See \"Acknowledgements\"."
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
        "in any order. See \"Acknowledgements\"."
    );
    let answer = acks.answer(first, "one");
    assert_eq!(
        answer,
        Some(Outcome::Answer("one".into())),
        "the other one is still open. See \"Acknowledgements\"."
    );
    assert_eq!(
        acks.deadline(),
        None,
        "nothing is due any more. See \"Acknowledgements\"."
    );
}

#[test]
fn an_answer_that_answers_nothing_is_ignored() {
    let mut acks = Acks::new();
    assert_eq!(
        acks.answer(0, "yes"),
        None,
        "nobody has asked. See \"Acknowledgements\"."
    );
    let id = acks.ask(at(0), at(10));
    acks.answer(id, "yes");
    assert_eq!(
        acks.answer(id, "no"),
        None,
        "one answer is enough. See \"Acknowledgements\"."
    );
    assert_eq!(
        acks.answer(u64::MAX, "?"),
        None,
        "nobody has asked so often. See \"Acknowledgements\"."
    );
}

#[test]
fn without_an_answer_time_ends_it() {
    let mut acks = Acks::new();
    let id = acks.ask(at(5), at(10));
    assert_eq!(
        acks.deadline(),
        Some(at(15)),
        "10 seconds from when it was asked. See \"Acknowledgements\"."
    );
    assert_eq!(
        acks.on_time(at(14)),
        [],
        "there is a second left. See \"Acknowledgements\"."
    );
    assert_eq!(
        acks.on_time(at(15)),
        [(id, Outcome::Timeout)],
        "time is over. See \"Acknowledgements\"."
    );
    assert_eq!(
        acks.answer(id, "late"),
        None,
        "it has ended already. See \"Acknowledgements\"."
    );
    assert_eq!(
        acks.on_time(at(99)),
        [],
        "each question ends once. See \"Acknowledgements\"."
    );
}

#[test]
fn what_is_due_first_ends_first() {
    let mut acks = Acks::new();
    let long = acks.ask(at(0), at(30));
    let short = acks.ask(at(0), at(10));
    let middle = acks.ask(at(10), at(10));
    assert_eq!(
        acks.deadline(),
        Some(at(10)),
        "the short one. See \"Acknowledgements\"."
    );
    let over: Vec<_> = acks.on_time(at(25)).into_iter().map(|(id, _)| id).collect();
    assert_eq!(
        over,
        [short, middle],
        "in the order in which they were due. See \"Acknowledgements\"."
    );
    assert_eq!(
        acks.deadline(),
        Some(at(30)),
        "the long one is left. See \"Acknowledgements\"."
    );
    assert_eq!(
        acks.on_time(at(30)),
        [(long, Outcome::Timeout)],
        "now it is over. See \"Acknowledgements\"."
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
        "only the second is open. See \"Acknowledgements\"."
    );
    assert_eq!(
        acks.on_time(at(20)),
        [(second, Outcome::Timeout)],
        "the first has ended. See \"Acknowledgements\"."
    );
}

#[test]
fn when_the_client_goes_all_questions_end() {
    let mut acks = Acks::new();
    let (first, second) = (acks.ask(at(0), at(30)), acks.ask(at(0), at(10)));
    let mut ended = acks.disconnect();
    ended.sort_by_key(|(id, _)| *id);
    let expected = [
        (first, Outcome::Disconnected),
        (second, Outcome::Disconnected),
    ];
    assert_eq!(
        ended, expected,
        "nobody will answer them. See \"Acknowledgements\"."
    );
    assert_eq!(
        (acks.deadline(), acks.disconnect().len()),
        (None, 0),
        "each of them once. See \"Acknowledgements\"."
    );
    assert_eq!(
        acks.on_time(at(99)),
        [],
        "and not a second time, by the clock. See \"Acknowledgements\"."
    );
}
