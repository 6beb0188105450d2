//! What `Chooser` has to do. Sections are those of chapter 8.

use std::time::Duration;

use crate::subject::Chooser;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn chooser() -> Chooser {
    Chooser::new(vec!["websocket", "sse", "polling"], ms(1000))
}

#[test]
fn the_most_capable_is_tried_first() {
    let chooser = chooser();
    assert_eq!(
        (chooser.current(), chooser.chosen()),
        (Some("websocket"), None),
        "The first is being tried, and none is chosen yet. See \"The chooser\"."
    );
}

#[test]
fn an_event_chooses() {
    let mut chooser = chooser();
    chooser.event("websocket");
    assert_eq!(
        chooser.chosen(),
        Some("websocket"),
        "An event came: it works. See \"The chooser\"."
    );
}

#[test]
fn a_refusal_goes_on_at_once() {
    let mut chooser = chooser();
    chooser.refused("websocket", ms(5));
    assert_eq!(
        (chooser.current(), chooser.chosen()),
        (Some("sse"), None),
        "Refused: the next is being tried, and not chosen. See \"The chooser\"."
    );
}

#[test]
fn silence_goes_on_after_its_time() {
    let mut chooser = chooser();
    chooser.tick(ms(999));
    assert_eq!(
        chooser.current(),
        Some("websocket"),
        "It has a millisecond left. See \"The chooser\"."
    );
    chooser.tick(ms(1000));
    assert_eq!(
        chooser.current(),
        Some("sse"),
        "Nothing came in its time. See \"The chooser\"."
    );
}

#[test]
fn each_has_the_whole_patience() {
    let mut chooser = chooser();
    chooser.refused("websocket", ms(600));
    chooser.tick(ms(1599));
    assert_eq!(
        chooser.current(),
        Some("sse"),
        "It has been tried for 999 ms only. See \"The chooser\"."
    );
    chooser.tick(ms(1600));
    assert_eq!(
        chooser.current(),
        Some("polling"),
        "It has had its 1000 ms. See \"The chooser\"."
    );
}

#[test]
fn what_comes_late_counts_no_more() {
    let mut chooser = chooser();
    chooser.tick(ms(1000));
    chooser.event("websocket");
    assert_eq!(
        chooser.chosen(),
        None,
        "The WebSocket was given up before its event came. See \"The chooser\"."
    );
    chooser.refused("websocket", ms(1001));
    assert_eq!(
        chooser.current(),
        Some("sse"),
        "A refusal that is late says nothing of sse. See \"The chooser\"."
    );
}

#[test]
fn what_is_chosen_may_be_silent() {
    let mut chooser = chooser();
    chooser.event("websocket");
    chooser.tick(ms(60_000));
    assert_eq!(
        chooser.chosen(),
        Some("websocket"),
        "In a quiet chat nothing is wrong. See \"The chooser\"."
    );
}

#[test]
fn what_breaks_is_followed_by_the_next_on_trial() {
    let mut chooser = chooser();
    chooser.event("websocket");
    chooser.refused("websocket", ms(60_000));
    assert_eq!(
        (chooser.current(), chooser.chosen()),
        (Some("sse"), None),
        "It worked and broke: the next is tried, and has to prove itself. See \"The chooser\"."
    );
}

#[test]
fn behind_the_last_there_is_none() {
    let mut chooser = chooser();
    for (from, now) in [("websocket", 1), ("sse", 2), ("polling", 3)] {
        chooser.refused(from, ms(now));
    }
    chooser.tick(ms(60_000));
    assert_eq!(
        (chooser.current(), chooser.chosen()),
        (None, None),
        "All were refused. See \"The chooser\"."
    );
}
