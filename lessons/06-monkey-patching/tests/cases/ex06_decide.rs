//! What `decide` has to say, each rule in one case. Sections are those of chapter 6.

use crate::subject::{Call, First, Step, decide};

const FIRST: [First; 3] = [First::Done, First::NothingYet, First::Failed];

/// A blocking call in a coroutine.
fn call(first: First) -> Call {
    Call {
        in_coroutine: true,
        dont_wait: false,
        nonblocking: false,
        first,
    }
}

#[test]
fn outside_a_coroutine_everything_is_passed_on() {
    for first in FIRST {
        for bits in 0..4 {
            let call = Call {
                in_coroutine: false,
                dont_wait: bits & 1 != 0,
                nonblocking: bits & 2 != 0,
                first,
            };
            assert_eq!(
                decide(call),
                Step::PassOn,
                "{call:?}: a thread outside a coroutine must not notice the patch. See \"Pass or park\"."
            );
        }
    }
}

#[test]
fn a_call_that_asks_not_to_wait_is_passed_on() {
    for first in FIRST {
        for nonblocking in [false, true] {
            let call = Call {
                dont_wait: true,
                nonblocking,
                ..call(first)
            };
            assert_eq!(
                decide(call),
                Step::PassOn,
                "{call:?}: `MSG_DONTWAIT` is the caller's own wish. See \"Pass or park\"."
            );
        }
    }
}

#[test]
fn a_result_is_given_back() {
    for nonblocking in [false, true] {
        let call = Call {
            nonblocking,
            ..call(First::Done)
        };
        assert_eq!(
            decide(call),
            Step::GiveBack,
            "{call:?}: it was tried and it worked; a second call would take the next bytes too. See \"Pass or park\"."
        );
    }
}

#[test]
fn an_error_is_given_back() {
    for nonblocking in [false, true] {
        let call = Call {
            nonblocking,
            ..call(First::Failed)
        };
        assert_eq!(
            decide(call),
            Step::GiveBack,
            "{call:?}: a broken connection does not get better by waiting. See \"Pass or park\"."
        );
    }
}

#[test]
fn nothing_yet_is_an_answer_for_a_non_blocking_descriptor() {
    let call = Call {
        nonblocking: true,
        ..call(First::NothingYet)
    };
    assert_eq!(
        decide(call),
        Step::GiveBack,
        "{call:?}: whoever set `O_NONBLOCK` wants to see `EAGAIN`. See \"Pass or park\"."
    );
}

#[test]
fn nothing_yet_parks_a_blocking_call() {
    let call = call(First::NothingYet);
    assert_eq!(
        decide(call),
        Step::Park,
        "{call:?}: this call would block the thread, and all coroutines on it. See \"Pass or park\"."
    );
}
