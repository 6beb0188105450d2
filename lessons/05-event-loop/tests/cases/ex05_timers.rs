//! The rules for `Timers`, one per case. Sections are those of chapter 5.

use std::time::Duration;

use super::subject::Timers;

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Everything that `pop_due` returns at `now`, in order.
fn due<T>(timers: &mut Timers<T>, now: Duration) -> Vec<T> {
    let mut due = Vec::new();
    while let Some(value) = timers.pop_due(now) {
        due.push(value);
        assert!(
            due.len() < 1000,
            "`pop_due` has returned 1,000 values: remove the ones that you return. See \"Timers\"."
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
        "No timer is set, so the loop can sleep forever. See \"Timers\"."
    );
    for seconds in [3, 1, 2] {
        timers.set(at(seconds), seconds);
    }
    assert_eq!(
        timers.next(),
        Some(at(1)),
        "The deadlines are 3, 1 and 2 s; the earliest is 1 s. See \"Timers\"."
    );
    assert_eq!(
        timers.next(),
        Some(at(1)),
        "`next` was called a second time: it removes nothing. See \"Timers\"."
    );
}

#[test]
fn a_deadline_equal_to_now_is_due() {
    let mut timers = Timers::new();
    timers.set(at(5), "five");
    assert_eq!(
        due(&mut timers, at(5)),
        ["five"],
        "The deadline is 5 s and it is 5 s now. If the timer were not due, a loop that has \
         slept until then would spin. See \"Timers\"."
    );
}

#[test]
fn a_timer_that_is_not_due_stays() {
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
        "The timer was not due at 4 s, so it is still waiting. See \"Timers\"."
    );
    assert_eq!(
        due(&mut timers, at(6)),
        ["five"],
        "Its deadline is 5 s, and it is 6 s now. See \"Timers\"."
    );
    assert_eq!(
        timers.next(),
        None,
        "The timer has fired, so none is left. See \"Timers\"."
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
        "At 3 s three timers are due, in the order of their deadlines. See \"Timers\"."
    );
    assert_eq!(
        due(&mut timers, at(9)),
        [4],
        "The fourth is due at 4 s. See \"Timers\"."
    );
}

#[test]
fn equal_deadlines_keep_their_order() {
    let mut timers = Timers::new();
    // More than twenty, and mixed: std's unstable sort happens to be stable for fewer.
    for number in 0..99 {
        timers.set(at(3 - number % 3), number);
    }
    let wanted: Vec<u64> = [2, 1, 0]
        .into_iter()
        .flat_map(|first| (first..99).step_by(3))
        .collect();
    assert_eq!(
        due(&mut timers, at(3)),
        wanted,
        "99 timers have one of three deadlines: those with the same deadline fire in the \
         order in which they were set. See \"Timers\"."
    );
}

#[test]
fn a_cancelled_timer_does_not_fire() {
    let mut timers = Timers::new();
    let tea = timers.set(at(1), "tea");
    timers.set(at(2), "egg");
    assert_eq!(
        timers.cancel(tea),
        Some("tea"),
        "`cancel` returns the timer's value. See \"Timers\"."
    );
    assert_eq!(
        due(&mut timers, at(2)),
        ["egg"],
        "The tea was cancelled; the egg after it was not, and is due at 2 s. See \"Timers\"."
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
        "The tea at 1 s was cancelled. A loop that wakes up for it wakes up for nothing. \
         See \"Timers\"."
    );
}

#[test]
fn a_timer_that_is_gone_cannot_be_cancelled() {
    let mut timers = Timers::new();
    let tea = timers.set(at(1), "tea");
    let egg = timers.set(at(2), "egg");
    timers.cancel(tea);
    assert_eq!(
        timers.cancel(tea),
        None,
        "The tea was cancelled before, and is cancelled again. See \"Timers\"."
    );
    assert_eq!(
        due(&mut timers, at(2)),
        ["egg"],
        "Only the egg is left. See \"Timers\"."
    );
    assert_eq!(
        timers.cancel(egg),
        None,
        "The egg has fired, and is cancelled after that. See \"Timers\"."
    );
}

#[test]
fn an_identity_is_never_reused() {
    let mut timers = Timers::new();
    let old = timers.set(at(1), "old");
    timers.pop_due(at(1));
    let new = timers.set(at(1), "new");
    assert_ne!(
        old, new,
        "Two timers have the same `TimerId`. See \"Timers\"."
    );
    assert_eq!(
        timers.cancel(old),
        None,
        "The old timer has fired; its `TimerId` must not cancel another one. See \"Timers\"."
    );
    assert_eq!(
        due(&mut timers, at(1)),
        ["new"],
        "The new timer has not been cancelled. See \"Timers\"."
    );
}

#[test]
fn cancelling_keeps_the_order_of_the_others() {
    for cancelled in 0..5 {
        let mut timers = Timers::new();
        let ids: Vec<_> = (1..=5)
            .map(|seconds| timers.set(at(seconds), seconds))
            .collect();
        timers.cancel(ids[cancelled]);
        let wanted: Vec<_> = (1..=5)
            .filter(|seconds| *seconds != cancelled as u64 + 1)
            .collect();
        assert_eq!(
            due(&mut timers, at(5)),
            wanted,
            "Of five timers one was cancelled: the others still fire in order. See \"Timers\"."
        );
    }
}
