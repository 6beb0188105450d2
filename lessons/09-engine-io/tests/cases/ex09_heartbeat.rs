//! What a `Heartbeat` has to do. The sections are those of chapter 9.

use std::time::Duration;

use super::subject::{Action, Heartbeat};

/// A ping every 25 seconds, 20 seconds for its pong.
fn heartbeat() -> Heartbeat {
    Heartbeat::new(at(25), at(20))
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[track_caller]
fn due(heartbeat: &mut Heartbeat, now: u64, wanted: Action, why: &str) {
    let yours = heartbeat.on_time(at(now));
    assert_eq!(
        yours, wanted,
        "on_time at {now} s (yours, then wanted): {why} See \"The heartbeat\"."
    );
}

#[track_caller]
fn deadline(heartbeat: &Heartbeat, wanted: Option<u64>, why: &str) {
    let yours = heartbeat.deadline();
    assert_eq!(
        yours,
        wanted.map(at),
        "the deadline (yours, then wanted): {why} See \"The heartbeat\"."
    );
}

#[test]
fn the_first_ping_is_due_after_the_interval() {
    let mut heartbeat = heartbeat();
    deadline(
        &heartbeat,
        Some(25),
        "the first ping, one interval after the opening.",
    );
    due(
        &mut heartbeat,
        24,
        Action::Wait,
        "the interval is not over yet.",
    );
    due(
        &mut heartbeat,
        25,
        Action::Ping,
        "exactly one interval is over.",
    );
}

#[test]
fn one_ping_is_sent_until_its_pong_arrives() {
    let mut heartbeat = heartbeat();
    heartbeat.on_time(at(25));
    for now in 25..45 {
        due(
            &mut heartbeat,
            now,
            Action::Wait,
            "a ping has been sent, and its pong may still arrive.",
        );
    }
}

#[test]
fn a_missing_pong_closes_the_session_once() {
    let mut heartbeat = heartbeat();
    heartbeat.on_time(at(25));
    deadline(
        &heartbeat,
        Some(45),
        "the client has 20 seconds for its pong.",
    );
    due(
        &mut heartbeat,
        45,
        Action::Close,
        "20 seconds have passed without a pong.",
    );
    deadline(&heartbeat, None, "nothing is due in a closed session.");
    heartbeat.on_pong(at(46));
    deadline(
        &heartbeat,
        None,
        "a pong does not reopen a session that was closed.",
    );
    due(&mut heartbeat, 100, Action::Wait, "Close is returned once.");
}

#[test]
fn a_pong_makes_the_next_ping_due() {
    let mut heartbeat = heartbeat();
    heartbeat.on_time(at(25));
    heartbeat.on_pong(at(27));
    deadline(
        &heartbeat,
        Some(52),
        "the next ping is due 25 seconds after the pong, not after the ping.",
    );
    due(
        &mut heartbeat,
        51,
        Action::Wait,
        "the next ping is not due yet.",
    );
    due(
        &mut heartbeat,
        52,
        Action::Ping,
        "25 seconds have passed since the pong.",
    );
    deadline(&heartbeat, Some(72), "this pong has 20 seconds again.");
}

#[test]
fn a_pong_without_a_ping_changes_nothing() {
    let mut heartbeat = heartbeat();
    heartbeat.on_pong(at(10));
    deadline(
        &heartbeat,
        Some(25),
        "this pong answered no ping. If it counted, a client could postpone the \
         question forever.",
    );
    heartbeat.on_time(at(25));
    heartbeat.on_pong(at(26));
    heartbeat.on_pong(at(40));
    deadline(&heartbeat, Some(51), "the second pong answered no ping.");
}

#[test]
fn a_pong_before_a_late_ping_changes_nothing() {
    let mut heartbeat = heartbeat();
    heartbeat.on_pong(at(26));
    due(
        &mut heartbeat,
        27,
        Action::Ping,
        "the ping is due since 25 s and has not been sent, so the pong at 26 s \
         answered nothing.",
    );
}

#[test]
fn a_late_ping_leaves_the_client_its_whole_time() {
    for late in [26, 30, 100] {
        let mut heartbeat = heartbeat();
        due(
            &mut heartbeat,
            late,
            Action::Ping,
            "the ping is late, and the client has not been asked yet.",
        );
        deadline(
            &heartbeat,
            Some(late + 20),
            "the client has 20 seconds from the moment the ping was sent.",
        );
    }
}

#[test]
fn a_late_pong_counts_until_the_session_is_closed() {
    let mut heartbeat = heartbeat();
    heartbeat.on_time(at(25));
    heartbeat.on_pong(at(46));
    deadline(
        &heartbeat,
        Some(71),
        "the pong was a second late, but on_time had not closed the session.",
    );
    due(
        &mut heartbeat,
        47,
        Action::Wait,
        "the pong has arrived, so nothing is due.",
    );
}
