//! What `Timers` has to do, each rule in one case. Sections are those of chapter 5.

use std::time::Duration;

use crate::subject::Timers;

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// All that is due at `now`, in order.
fn due<T>(timers: &mut Timers<T>, now: Duration) -> Vec<T> {
    let mut due = Vec::new();
    while let Some(what) = timers.pop_due(now) {
        due.push(what);
        assert!(
            due.len() < 1000,
            "`pop_due` gives and gives: take out what you give. See \"Timers\"."
        );
    }
    due
}

#[test]
fn the_next_deadline_is_the_earliest() {
    let mut timers = Timers::new();
    assert_eq!(
        timers.next(),
        None,
        "Nothing is set, so the loop may sleep for ever. See \"Timers\"."
    );
    for seconds in [3, 1, 2] {
        timers.set(at(seconds), seconds);
    }
    assert_eq!(
        timers.next(),
        Some(at(1)),
        "Of 3, 1 and 2 seconds the first deadline is 1. See \"Timers\"."
    );
    assert_eq!(
        timers.next(),
        Some(at(1)),
        "To ask for the next deadline takes nothing out. See \"Timers\"."
    );
}

#[test]
fn what_is_due_just_now_is_due() {
    let mut timers = Timers::new();
    timers.set(at(5), "five");
    assert_eq!(
        due(&mut timers, at(5)),
        ["five"],
        "The deadline is 5 s and it is 5 s. A loop that sleeps until then and finds nothing due would go round and \
         round. See \"Timers\"."
    );
}

#[test]
fn what_is_not_due_stays() {
    let mut timers = Timers::new();
    timers.set(at(5), "five");
    assert_eq!(
        due(&mut timers, at(4)),
        [""; 0],
        "Nothing is due at 4 s. See \"Timers\"."
    );
    assert_eq!(
        timers.next(),
        Some(at(5)),
        "What was not due still waits. See \"Timers\"."
    );
    assert_eq!(
        due(&mut timers, at(6)),
        ["five"],
        "At 6 s it is due. See \"Timers\"."
    );
    assert_eq!(
        timers.next(),
        None,
        "What was taken does not wait any more. See \"Timers\"."
    );
}

#[test]
fn the_earliest_comes_first() {
    let mut timers = Timers::new();
    for seconds in [3, 1, 4, 2] {
        timers.set(at(seconds), seconds);
    }
    assert_eq!(
        due(&mut timers, at(3)),
        [1, 2, 3],
        "At 3 s three are due, in the order of deadlines. See \"Timers\"."
    );
    assert_eq!(
        due(&mut timers, at(9)),
        [4],
        "And the last one later. See \"Timers\"."
    );
}

#[test]
fn equal_deadlines_keep_their_order() {
    let mut timers = Timers::new();
    for number in 0..20 {
        timers.set(at(1), number);
    }
    assert_eq!(
        due(&mut timers, at(1)),
        (0..20).collect::<Vec<_>>(),
        "Twenty with the same deadline come in the order in which they were set. See \"Timers\"."
    );
}

#[test]
fn a_cancelled_timer_is_not_due() {
    let mut timers = Timers::new();
    let tea = timers.set(at(1), "tea");
    timers.set(at(2), "egg");
    assert_eq!(
        timers.cancel(tea),
        Some("tea"),
        "`cancel` gives back what was to be done. See \"Timers\"."
    );
    assert_eq!(
        due(&mut timers, at(2)),
        ["egg"],
        "The tea was called off; the egg behind it was not, and is due now. See \"Timers\"."
    );
}

#[test]
fn a_cancelled_deadline_does_not_count() {
    let mut timers = Timers::new();
    let tea = timers.set(at(1), "tea");
    timers.set(at(2), "egg");
    timers.cancel(tea);
    assert_eq!(
        timers.next(),
        Some(at(2)),
        "The tea at 1 s was called off. A loop that wakes up for it wakes up for nothing. See \"Timers\"."
    );
}

#[test]
fn what_is_gone_cannot_be_cancelled() {
    let mut timers = Timers::new();
    let tea = timers.set(at(1), "tea");
    let egg = timers.set(at(2), "egg");
    timers.cancel(tea);
    assert_eq!(
        timers.cancel(tea),
        None,
        "It was cancelled before. See \"Timers\"."
    );
    assert_eq!(
        due(&mut timers, at(2)),
        ["egg"],
        "Only the egg is left. See \"Timers\"."
    );
    assert_eq!(
        timers.cancel(egg),
        None,
        "It was due and has been taken. See \"Timers\"."
    );
}

#[test]
fn a_name_is_never_given_again() {
    let mut timers = Timers::new();
    let old = timers.set(at(1), "old");
    timers.pop_due(at(1));
    let new = timers.set(at(1), "new");
    assert_ne!(old, new, "Two timers have the same name. See \"Timers\".");
    assert_eq!(
        timers.cancel(old),
        None,
        "The old timer is gone; its name must not cancel another. See \"Timers\"."
    );
    assert_eq!(
        due(&mut timers, at(1)),
        ["new"],
        "Nobody has cancelled the new one. See \"Timers\"."
    );
}
