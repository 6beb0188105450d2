//! What `Chooser` has to do. The sections are those of chapter 8.

use std::time::Duration;

use super::subject::Chooser;
use crate::support;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn chooser() -> Chooser {
    Chooser::new(vec!["websocket", "sse", "polling"], ms(1000))
}

/// Compares `(current, chosen)`.
#[track_caller]
fn is(
    chooser: &Chooser,
    current: Option<&'static str>,
    chosen: Option<&'static str>,
    why: &str,
) {
    support::same(
        (("current", chooser.current()), ("chosen", chooser.chosen())),
        (("current", current), ("chosen", chosen)),
        &format!("{why} See \"The chooser\"."),
    );
}

#[test]
fn the_most_capable_is_tried_first() {
    is(
        &chooser(),
        Some("websocket"),
        None,
        "the first is being tried, and none is chosen yet.",
    );
}

#[test]
fn an_event_chooses() {
    let mut chooser = chooser();
    chooser.event("websocket");
    is(
        &chooser,
        Some("websocket"),
        Some("websocket"),
        "an event arrived over the WebSocket, so it works.",
    );
}

#[test]
fn a_refusal_moves_on_at_once() {
    let mut chooser = chooser();
    chooser.refused("websocket", ms(5));
    is(
        &chooser,
        Some("sse"),
        None,
        "the WebSocket was refused: the next is being tried, and not chosen.",
    );
}

#[test]
fn silence_moves_on_after_the_patience() {
    let mut chooser = chooser();
    chooser.tick(ms(999));
    is(
        &chooser,
        Some("websocket"),
        None,
        "at 999 ms it has a millisecond left.",
    );
    chooser.tick(ms(1000));
    is(
        &chooser,
        Some("sse"),
        None,
        "at 1000 ms nothing had arrived.",
    );
}

#[test]
fn each_transport_has_the_whole_patience() {
    let mut chooser = chooser();
    chooser.refused("websocket", ms(600));
    chooser.tick(ms(1599));
    is(
        &chooser,
        Some("sse"),
        None,
        "sse started at 600 ms, so at 1599 ms it has been tried for 999.",
    );
    chooser.tick(ms(1600));
    is(
        &chooser,
        Some("polling"),
        None,
        "sse started at 600 ms and has had its 1000.",
    );
}

#[test]
fn a_late_tick_takes_nothing_from_the_next() {
    let mut chooser = chooser();
    chooser.tick(ms(2500));
    is(
        &chooser,
        Some("sse"),
        None,
        "the first tick came at 2500 ms: sse starts only now.",
    );
    chooser.tick(ms(3499));
    is(
        &chooser,
        Some("sse"),
        None,
        "sse started at 2500 ms, so at 3499 ms it has been tried for 999.",
    );
    chooser.tick(ms(3500));
    is(
        &chooser,
        Some("polling"),
        None,
        "sse started at 2500 ms and has had its 1000.",
    );
}

#[test]
fn a_transport_that_was_given_up_is_ignored() {
    let mut chooser = chooser();
    chooser.tick(ms(1000));
    chooser.event("websocket");
    is(
        &chooser,
        Some("sse"),
        None,
        "the WebSocket was given up before its event arrived.",
    );
    chooser.refused("websocket", ms(1001));
    is(
        &chooser,
        Some("sse"),
        None,
        "a late refusal of the WebSocket says nothing about sse.",
    );
}

#[test]
fn a_transport_that_is_not_tried_yet_is_ignored() {
    let mut chooser = chooser();
    chooser.event("sse");
    chooser.refused("sse", ms(1));
    is(
        &chooser,
        Some("websocket"),
        None,
        "sse is not the one being tried.",
    );
    chooser.refused("websocket", ms(2));
    is(
        &chooser,
        Some("sse"),
        None,
        "an earlier refusal of sse was to be ignored.",
    );
}

#[test]
fn a_chosen_transport_can_be_silent() {
    let mut chooser = chooser();
    chooser.event("websocket");
    chooser.tick(ms(60_000));
    is(
        &chooser,
        Some("websocket"),
        Some("websocket"),
        "in a quiet chat nothing is wrong.",
    );
}

#[test]
fn after_a_break_the_next_has_to_prove_itself() {
    let mut chooser = chooser();
    chooser.event("websocket");
    chooser.refused("websocket", ms(60_000));
    is(
        &chooser,
        Some("sse"),
        None,
        "the WebSocket worked and broke: the next is being tried.",
    );
    chooser.tick(ms(60_999));
    is(
        &chooser,
        Some("sse"),
        None,
        "sse started at 60,000 ms, when the WebSocket broke.",
    );
    chooser.tick(ms(61_000));
    is(&chooser, Some("polling"), None, "sse has had its 1000 ms.");
}

#[test]
fn after_the_last_there_is_none() {
    let mut chooser = chooser();
    for (from, now) in [("websocket", 1), ("sse", 2), ("polling", 3)] {
        chooser.refused(from, ms(now));
    }
    chooser.tick(ms(60_000));
    chooser.event("polling");
    chooser.refused("polling", ms(60_001));
    is(&chooser, None, None, "all three were refused.");
}
