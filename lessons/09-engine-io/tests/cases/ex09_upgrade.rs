//! What an `Upgrade` has to do. The sections are those of chapter 9.

use super::subject::{Poll, Probe, Transport, Upgrade};

/// A session with a WebSocket that was accepted and has sent `2probe`.
fn confirmed() -> Upgrade {
    let mut upgrade = Upgrade::new();
    opens(&mut upgrade, true, "it is the first WebSocket.");
    upgrade.websocket_says("2probe");
    upgrade
}

#[track_caller]
fn polls(upgrade: &mut Upgrade, wanted: Poll, why: &str) {
    let yours = upgrade.poll();
    assert_eq!(
        yours, wanted,
        "a poll (yours, then wanted): {why} See \"The upgrade\"."
    );
}

#[track_caller]
fn says(upgrade: &mut Upgrade, packet: &str, wanted: Probe, why: &str) {
    let yours = upgrade.websocket_says(packet);
    assert_eq!(
        yours, wanted,
        "the WebSocket sent {packet:?} (yours, then wanted): {why} See \"The upgrade\"."
    );
}

#[track_caller]
fn opens(upgrade: &mut Upgrade, wanted: bool, why: &str) {
    let yours = upgrade.websocket_opens();
    assert_eq!(
        yours, wanted,
        "is this WebSocket accepted (yours, then wanted)? {why} See \"The upgrade\"."
    );
}

#[track_caller]
fn carried_by(upgrade: &Upgrade, wanted: Transport, why: &str) {
    let yours = upgrade.transport();
    assert_eq!(
        yours, wanted,
        "the transport (yours, then wanted): {why} See \"The upgrade\"."
    );
}

#[test]
fn a_session_starts_on_polling() {
    let mut upgrade = Upgrade::new();
    carried_by(
        &upgrade,
        Transport::Polling,
        "the session opened over polling.",
    );
    polls(
        &mut upgrade,
        Poll::Waits,
        "a poll waits until there is a message.",
    );
}

#[test]
fn one_poll_waits_at_a_time() {
    let mut upgrade = Upgrade::new();
    upgrade.poll();
    polls(
        &mut upgrade,
        Poll::Refused,
        "one is waiting already: which of the two would get the next message?",
    );
    polls(
        &mut upgrade,
        Poll::Refused,
        "the first poll is still waiting.",
    );
    upgrade.poll_answered();
    polls(
        &mut upgrade,
        Poll::Waits,
        "the first poll has been answered.",
    );
}

#[test]
fn a_websocket_that_has_not_probed_carries_nothing() {
    let mut upgrade = Upgrade::new();
    opens(&mut upgrade, true, "it is the first WebSocket.");
    carried_by(
        &upgrade,
        Transport::Polling,
        "nothing has shown yet that the WebSocket works.",
    );
    polls(&mut upgrade, Poll::Waits, "polling continues as before.");
}

#[test]
fn a_probe_is_confirmed_and_releases_the_polls() {
    let mut upgrade = Upgrade::new();
    upgrade.poll();
    upgrade.websocket_opens();
    says(
        &mut upgrade,
        "2probe",
        Probe::Confirmed { release: true },
        "the poll that is waiting gets a noop.",
    );
    carried_by(
        &upgrade,
        Transport::Polling,
        "the client has not moved yet.",
    );
    for _ in 0..2 {
        polls(
            &mut upgrade,
            Poll::Noop,
            "each poll that arrives after the probe is released at once.",
        );
    }
}

#[test]
fn without_a_waiting_poll_none_is_released() {
    let mut upgrade = Upgrade::new();
    upgrade.poll();
    upgrade.poll_answered();
    upgrade.websocket_opens();
    says(
        &mut upgrade,
        "2probe",
        Probe::Confirmed { release: false },
        "no poll is waiting.",
    );
}

#[test]
fn five_moves_the_session() {
    let mut upgrade = confirmed();
    says(&mut upgrade, "5", Probe::Moved, "the client is ready.");
    carried_by(&upgrade, Transport::WebSocket, "the session has moved.");
    polls(
        &mut upgrade,
        Poll::Refused,
        "a session on a WebSocket cannot be polled.",
    );
    opens(
        &mut upgrade,
        false,
        "a WebSocket carries the session already.",
    );
}

#[test]
fn the_probe_comes_before_five() {
    let mut upgrade = Upgrade::new();
    upgrade.websocket_opens();
    says(
        &mut upgrade,
        "5",
        Probe::GivenUp,
        "this WebSocket was never probed.",
    );
    carried_by(&upgrade, Transport::Polling, "the session has not moved.");
    says(
        &mut confirmed(),
        "2probe",
        Probe::GivenUp,
        "the probe was confirmed already; only a 5 may follow.",
    );
}

#[test]
fn any_other_packet_makes_the_server_give_up() {
    for packet in ["4hello", "2", "2prob", "2probe2", "3probe", "1", ""] {
        let mut upgrade = Upgrade::new();
        upgrade.websocket_opens();
        says(
            &mut upgrade,
            packet,
            Probe::GivenUp,
            "the first packet must be exactly 2probe.",
        );
    }
    for packet in ["4hello", "2", "55", "5probe", "3probe", "1", ""] {
        says(
            &mut confirmed(),
            packet,
            Probe::GivenUp,
            "after the probe, the packet must be exactly 5.",
        );
    }
}

#[test]
fn after_giving_up_the_session_polls_on() {
    type Step = fn(&mut Upgrade);
    let ends: [(Step, &str); 2] = [
        (
            |upgrade| {
                upgrade.websocket_says("4hello");
            },
            "the server gave up a WebSocket",
        ),
        (|upgrade| upgrade.websocket_ends(), "a WebSocket ended"),
    ];
    for (end, what) in ends {
        for probed in [false, true] {
            let mut upgrade = Upgrade::new();
            upgrade.websocket_opens();
            if probed {
                upgrade.websocket_says("2probe");
            }
            end(&mut upgrade);
            let when = if probed { "after" } else { "before" };
            polls(
                &mut upgrade,
                Poll::Waits,
                &format!("{what} {when} its probe, and polling continues."),
            );
            opens(
                &mut upgrade,
                true,
                &format!("{what} {when} its probe, so another one may be tried."),
            );
        }
    }
}

#[test]
fn giving_up_leaves_the_waiting_poll_alone() {
    let mut upgrade = Upgrade::new();
    upgrade.poll();
    upgrade.websocket_opens();
    upgrade.websocket_says("4hello");
    polls(
        &mut upgrade,
        Poll::Refused,
        "the poll from before the WebSocket is still waiting after \"4hello\".",
    );
    opens(&mut upgrade, true, "the first WebSocket was given up.");
    upgrade.websocket_ends();
    polls(
        &mut upgrade,
        Poll::Refused,
        "the poll from before the WebSocket is still waiting after its end.",
    );
}

#[test]
fn one_websocket_is_tried_at_a_time() {
    let mut upgrade = Upgrade::new();
    upgrade.websocket_opens();
    opens(&mut upgrade, false, "another one is being tried.");
    opens(&mut confirmed(), false, "another one has been confirmed.");
}
