//! What `in_turns` has to do. Sections are those of chapter 3.

use std::cell::RefCell;

use generator::{Gn, LocalGenerator};

use crate::subject::in_turns;

// ANCHOR: task
/// Yields these numbers, then ends.
fn task(numbers: &[u32]) -> LocalGenerator<'_, (), u32> {
    Gn::new_scoped_local(move |mut scope| {
        for number in numbers {
            scope.yield_with(*number);
        }
        generator::done!()
    })
}
// ANCHOR_END: task

#[test]
fn two_take_turns() {
    let yielded = in_turns(vec![task(&[1, 2, 3]), task(&[10, 20, 30])]);
    assert_eq!(
        yielded,
        [1, 10, 2, 20, 3, 30],
        "one number each, then the other. See \"A function that stops\"."
    );
}

#[test]
fn who_has_ended_is_left_out() {
    let yielded = in_turns(vec![task(&[1]), task(&[10, 20, 30]), task(&[100, 200])]);
    assert_eq!(
        yielded,
        [1, 10, 100, 20, 200, 30],
        "the others go on in turn. See \"A function that stops\"."
    );
}

#[test]
fn one_alone_has_all_turns() {
    assert_eq!(
        in_turns(vec![task(&[1, 2, 3])]),
        [1, 2, 3],
        "there is nobody else. See \"A function that stops\"."
    );
}

#[test]
fn nothing_comes_of_nothing() {
    assert_eq!(
        in_turns(vec![]),
        [],
        "no generators, no numbers. See \"A function that stops\"."
    );
    assert_eq!(
        in_turns(vec![task(&[]), task(&[])]),
        [],
        "they end at once. See \"A function that stops\"."
    );
    assert_eq!(
        in_turns(vec![task(&[]), task(&[7])]),
        [7],
        "only the first ends at once. See \"A function that stops\"."
    );
}

#[test]
fn each_runs_only_in_its_turn() {
    let log = RefCell::new(Vec::new());
    let noisy = |name: &'static str| {
        let log = &log;
        Gn::new_scoped_local(move |mut scope| {
            log.borrow_mut().push(format!("{name} begins"));
            scope.yield_with(1);
            log.borrow_mut().push(format!("{name} goes on"));
            scope.yield_with(2);
            log.borrow_mut().push(format!("{name} ends"));
            generator::done!()
        })
    };
    in_turns(vec![noisy("a"), noisy("b")]);
    let expected = [
        "a begins",
        "b begins",
        "a goes on",
        "b goes on",
        "a ends",
        "b ends",
    ];
    assert_eq!(
        *log.borrow(),
        expected,
        "resuming one runs it up to its next yield. See \"A function that stops\"."
    );
}
