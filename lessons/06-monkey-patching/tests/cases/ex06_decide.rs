//! The rules of `decide`, one per case. The sections are those of chapter 6.

use super::subject::{Call, Decision, Outcome, decide};

const OUTCOMES: [Outcome; 3] = [Outcome::Done, Outcome::NothingYet, Outcome::Failed];

/// A blocking call in a coroutine.
fn call(outcome: Outcome) -> Call {
    Call {
        in_coroutine: true,
        dont_wait: false,
        nonblocking: false,
        outcome,
    }
}

fn check(call: Call, wanted: Decision, why: &str) {
    let yours = decide(call);
    assert!(
        yours == wanted,
        "{call:?}\n  yours:  {yours:?}\n  wanted: {wanted:?}\n{why} See \"Pass or park\"."
    );
}

#[test]
fn a_call_outside_a_coroutine_is_passed_on() {
    for outcome in OUTCOMES {
        for (dont_wait, nonblocking) in
            [(false, false), (false, true), (true, false), (true, true)]
        {
            let call = Call {
                in_coroutine: false,
                dont_wait,
                nonblocking,
                outcome,
            };
            check(
                call,
                Decision::Pass,
                "An ordinary thread must not notice the patch.",
            );
        }
    }
}

#[test]
fn a_call_with_msg_dontwait_is_passed_on() {
    for outcome in OUTCOMES {
        for nonblocking in [false, true] {
            let call = Call {
                dont_wait: true,
                nonblocking,
                ..call(outcome)
            };
            check(
                call,
                Decision::Pass,
                "The caller has asked not to wait: there is nothing for the patch to do.",
            );
        }
    }
}

#[test]
fn a_result_is_given_back() {
    for nonblocking in [false, true] {
        let call = Call {
            nonblocking,
            ..call(Outcome::Done)
        };
        check(
            call,
            Decision::GiveBack,
            "The try has worked. A second call would take the next bytes too.",
        );
    }
}

#[test]
fn an_error_is_given_back() {
    for nonblocking in [false, true] {
        let call = Call {
            nonblocking,
            ..call(Outcome::Failed)
        };
        check(
            call,
            Decision::GiveBack,
            "Waiting does not repair a broken connection.",
        );
    }
}

#[test]
fn eagain_on_a_non_blocking_descriptor_is_given_back() {
    let call = Call {
        nonblocking: true,
        ..call(Outcome::NothingYet)
    };
    check(
        call,
        Decision::GiveBack,
        "The program that set `O_NONBLOCK` wants to see `EAGAIN`.",
    );
}

#[test]
fn eagain_parks_a_blocking_call() {
    check(
        call(Outcome::NothingYet),
        Decision::Park,
        "This call would block the thread, and every coroutine on it.",
    );
}
