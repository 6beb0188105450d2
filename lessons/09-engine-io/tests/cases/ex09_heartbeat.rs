//! What a `Heartbeat` has to do. Sections are those of chapter 9.

use std::time::Duration;

use crate::subject::{Action, Heartbeat};

/// A ping every 25 seconds, 20 for its pong.
fn heartbeat() -> Heartbeat {
    Heartbeat::new(at(25), at(20))
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn the_first_ping_comes_after_the_interval() {
    let mut heartbeat = heartbeat();
    assert_eq!(
        heartbeat.deadline(),
        Some(at(25)),
        "not at once. See \"The heartbeat\"."
    );
    assert_eq!(
        heartbeat.on_time(at(24)),
        Action::Wait,
        "it was asked too early. See \"The heartbeat\"."
    );
    assert_eq!(
        heartbeat.on_time(at(25)),
        Action::Ping,
        "25 seconds are over. See \"The heartbeat\"."
    );
}

#[test]
fn a_ping_goes_out_once() {
    let mut heartbeat = heartbeat();
    heartbeat.on_time(at(25));
    for seconds in 25..45 {
        let action = heartbeat.on_time(at(seconds));
        assert_eq!(
            action,
            Action::Wait,
            "a ping is out already, its pong is awaited. See \"The heartbeat\"."
        );
    }
}

#[test]
fn no_pong_is_the_end() {
    let mut heartbeat = heartbeat();
    heartbeat.on_time(at(25));
    assert_eq!(
        heartbeat.deadline(),
        Some(at(45)),
        "the pong has 20 seconds. See \"The heartbeat\"."
    );
    assert_eq!(
        heartbeat.on_time(at(45)),
        Action::Close,
        "20 seconds without a pong. See \"The heartbeat\"."
    );
    assert_eq!(
        heartbeat.deadline(),
        None,
        "nothing is due for who has gone. See \"The heartbeat\"."
    );
    heartbeat.on_pong(at(46));
    let action = heartbeat.on_time(at(100));
    assert_eq!(
        action,
        Action::Wait,
        "the end comes once, and a late pong does not undo it. See \"The heartbeat\"."
    );
}

#[test]
fn a_pong_makes_the_next_ping_due() {
    let mut heartbeat = heartbeat();
    heartbeat.on_time(at(25));
    heartbeat.on_pong(at(27));
    assert_eq!(
        heartbeat.deadline(),
        Some(at(52)),
        "25 seconds after the pong, not after the ping. See \"The heartbeat\"."
    );
    assert_eq!(
        heartbeat.on_time(at(51)),
        Action::Wait,
        "not yet. See \"The heartbeat\"."
    );
    assert_eq!(
        heartbeat.on_time(at(52)),
        Action::Ping,
        "now. See \"The heartbeat\"."
    );
    assert_eq!(
        heartbeat.deadline(),
        Some(at(72)),
        "and its pong has 20 seconds again. See \"The heartbeat\"."
    );
}

#[test]
fn a_pong_that_nobody_asked_for_changes_nothing() {
    let mut heartbeat = heartbeat();
    heartbeat.on_pong(at(10));
    assert_eq!(
        heartbeat.deadline(),
        Some(at(25)),
        "else a client could put the question off for ever. See \"The heartbeat\"."
    );
    heartbeat.on_time(at(25));
    heartbeat.on_pong(at(26));
    heartbeat.on_pong(at(40));
    assert_eq!(
        heartbeat.deadline(),
        Some(at(51)),
        "the second pong answers nothing. See \"The heartbeat\"."
    );
}

#[test]
fn a_late_ping_leaves_the_client_its_time() {
    let mut heartbeat = heartbeat();
    assert_eq!(
        heartbeat.on_time(at(30)),
        Action::Ping,
        "five seconds late, and still due. See \"The heartbeat\"."
    );
    let deadline = heartbeat.deadline();
    assert_eq!(
        deadline,
        Some(at(50)),
        "20 seconds from when it went out. See \"The heartbeat\"."
    );
}
