//! What an `Upgrade` has to do. Sections are those of chapter 9.

use crate::subject::{Poll, Probe, Transport, Upgrade};

/// With a WebSocket that was taken and has said `2probe`.
fn confirmed() -> Upgrade {
    let mut upgrade = Upgrade::new();
    assert!(upgrade.websocket_opens());
    upgrade.websocket_says("2probe");
    upgrade
}

#[test]
fn a_session_begins_on_polling() {
    let mut upgrade = Upgrade::new();
    assert_eq!(
        upgrade.transport(),
        Transport::Polling,
        "it has opened by polling. See \"The upgrade\"."
    );
    assert_eq!(
        upgrade.poll(),
        Poll::Waits,
        "a poll waits until there is something. See \"The upgrade\"."
    );
}

#[test]
fn one_poll_waits_at_a_time() {
    let mut upgrade = Upgrade::new();
    upgrade.poll();
    assert_eq!(
        upgrade.poll(),
        Poll::Refused,
        "which of two would get a message? See \"The upgrade\"."
    );
    upgrade.poll_answered();
    assert_eq!(
        upgrade.poll(),
        Poll::Waits,
        "the first has been answered. See \"The upgrade\"."
    );
}

#[test]
fn a_websocket_that_has_not_probed_carries_nothing() {
    let mut upgrade = Upgrade::new();
    assert!(
        upgrade.websocket_opens(),
        "the first is taken. See \"The upgrade\"."
    );
    assert_eq!(
        upgrade.transport(),
        Transport::Polling,
        "nothing has shown that it works. See \"The upgrade\"."
    );
    assert_eq!(
        upgrade.poll(),
        Poll::Waits,
        "polling goes on as before. See \"The upgrade\"."
    );
}

#[test]
fn a_probe_is_confirmed_and_lets_the_poll_go() {
    let mut upgrade = Upgrade::new();
    upgrade.poll();
    upgrade.websocket_opens();
    let probe = upgrade.websocket_says("2probe");
    assert_eq!(
        probe,
        Probe::Confirmed { release: true },
        "the poll that waits gets a noop. See \"The upgrade\"."
    );
    assert_eq!(
        upgrade.transport(),
        Transport::Polling,
        "the client has not moved yet. See \"The upgrade\"."
    );
    assert_eq!(
        upgrade.poll(),
        Poll::Noop,
        "a poll that comes now is let go, too. See \"The upgrade\"."
    );
    assert_eq!(
        upgrade.poll(),
        Poll::Noop,
        "each of them. See \"The upgrade\"."
    );
}

#[test]
fn without_a_poll_there_is_none_to_let_go() {
    let mut upgrade = Upgrade::new();
    upgrade.poll();
    upgrade.poll_answered();
    upgrade.websocket_opens();
    let probe = upgrade.websocket_says("2probe");
    assert_eq!(
        probe,
        Probe::Confirmed { release: false },
        "no poll waits. See \"The upgrade\"."
    );
}

#[test]
fn five_moves_the_session() {
    let mut upgrade = confirmed();
    assert_eq!(
        upgrade.websocket_says("5"),
        Probe::Moved,
        "the client is there. See \"The upgrade\"."
    );
    assert_eq!(
        upgrade.transport(),
        Transport::WebSocket,
        "from now on. See \"The upgrade\"."
    );
    assert_eq!(
        upgrade.poll(),
        Poll::Refused,
        "nobody polls a session that has moved. See \"The upgrade\"."
    );
    assert!(
        !upgrade.websocket_opens(),
        "it lives on a WebSocket already. See \"The upgrade\"."
    );
}

#[test]
fn the_order_is_probe_then_five() {
    let mut upgrade = Upgrade::new();
    upgrade.websocket_opens();
    assert_eq!(
        upgrade.websocket_says("5"),
        Probe::GivenUp,
        "it was never probed. See \"The upgrade\"."
    );
    assert_eq!(
        upgrade.transport(),
        Transport::Polling,
        "the session stays where it was. See \"The upgrade\"."
    );
    assert_eq!(
        confirmed().websocket_says("2probe"),
        Probe::GivenUp,
        "one probe is enough. See \"The upgrade\"."
    );
}

#[test]
fn any_other_packet_is_given_up() {
    for packet in ["4hello", "2", "2prob", "3probe", "1", ""] {
        let mut upgrade = Upgrade::new();
        upgrade.websocket_opens();
        let probe = upgrade.websocket_says(packet);
        assert_eq!(
            probe,
            Probe::GivenUp,
            "{packet:?} is not how an upgrade begins. See \"The upgrade\"."
        );
        assert_eq!(
            confirmed().websocket_says(packet),
            Probe::GivenUp,
            "{packet:?} is no `5`. See \"The upgrade\"."
        );
    }
}

#[test]
fn after_giving_up_all_is_as_before() {
    let mut upgrade = confirmed();
    upgrade.websocket_says("4hello");
    assert_eq!(
        upgrade.poll(),
        Poll::Waits,
        "polling goes on. See \"The upgrade\"."
    );
    assert!(
        upgrade.websocket_opens(),
        "another WebSocket may be tried. See \"The upgrade\"."
    );
    let mut upgrade = confirmed();
    upgrade.websocket_ends();
    assert_eq!(
        upgrade.poll(),
        Poll::Waits,
        "its end is the same. See \"The upgrade\"."
    );
    assert!(
        upgrade.websocket_opens(),
        "another WebSocket may be tried. See \"The upgrade\"."
    );
}

#[test]
fn only_one_websocket_is_tried_at_a_time() {
    let mut upgrade = Upgrade::new();
    upgrade.websocket_opens();
    assert!(
        !upgrade.websocket_opens(),
        "one is there already. See \"The upgrade\"."
    );
    assert!(
        !confirmed().websocket_opens(),
        "one is there already. See \"The upgrade\"."
    );
}
