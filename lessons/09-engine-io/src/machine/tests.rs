use proptest::prelude::*;

use super::*;

const INTERVAL: Duration = Duration::from_secs(25);
const TIMEOUT: Duration = Duration::from_secs(20);

fn machine(transport: Transport) -> (Machine, Instant) {
    let now = Instant::now();
    let mut machine = Machine::new(
        now,
        transport,
        &Config::default(),
        Packet::Open("{}").encode(),
    );
    // The handshake is on its way.
    match transport {
        Transport::Polling => {
            machine.begin_poll(now).unwrap();
            assert_eq!(payloads(machine.poll().unwrap()), ["0{}"]);
        }
        Transport::WebSocket => assert_eq!(written(&mut machine), ["0{}"]),
    }
    (machine, now)
}

fn payloads(packets: impl IntoIterator<Item = EncodedMessage>) -> Vec<String> {
    packets
        .into_iter()
        .map(|packet| String::from_utf8_lossy(packet.payload()).into_owned())
        .collect()
}

/// What a WebSocket writes, and accounts for.
fn written(machine: &mut Machine) -> Vec<String> {
    let mut batch = VecDeque::new();
    machine.take(&mut batch);
    machine.wrote(batch.iter().map(EncodedMessage::size).sum());
    payloads(batch)
}

fn text(text: &str) -> [EncodedMessage; 1] {
    [EncodedMessage::text(text)]
}

fn answer(machine: &mut Machine) -> Option<Vec<String>> {
    machine.poll().map(payloads)
}

#[test]
fn the_first_ping_comes_after_the_interval() {
    let (mut machine, start) = machine(Transport::WebSocket);
    assert_eq!(machine.next_deadline(), Some(start + INTERVAL));
    machine.on_deadline(start + INTERVAL - Duration::from_millis(1));
    assert!(written(&mut machine).is_empty());
    machine.on_deadline(start + INTERVAL);
    assert_eq!(written(&mut machine), ["2"]);
    assert_eq!(machine.next_deadline(), Some(start + INTERVAL + TIMEOUT));
}

#[test]
fn a_pong_keeps_the_session_and_silence_ends_it() {
    let (mut machine, start) = machine(Transport::WebSocket);
    machine.on_deadline(start + INTERVAL);
    let heard = start + INTERVAL + Duration::from_secs(3);
    assert_eq!(machine.receive(heard, Packet::Pong("")), Ok(None));
    assert_eq!(machine.next_deadline(), Some(heard + INTERVAL));
    machine.on_deadline(heard + INTERVAL);
    machine.on_deadline(heard + INTERVAL + TIMEOUT - Duration::from_millis(1));
    assert_eq!(machine.ended(), None);
    machine.on_deadline(heard + INTERVAL + TIMEOUT);
    assert_eq!(machine.ended(), Some(CloseReason::PingTimeout));
    assert!(machine.is_closed());
    assert_eq!(machine.next_deadline(), None);
}

#[test]
fn a_little_lateness_does_not_add_up_and_a_long_sleep_is_no_timeout() {
    let (mut machine, start) = machine(Transport::WebSocket);
    machine.on_deadline(start + INTERVAL + Duration::from_millis(2));
    assert_eq!(machine.next_deadline(), Some(start + INTERVAL + TIMEOUT));

    let (mut machine, start) = self::machine(Transport::WebSocket);
    let woken = start + INTERVAL * 10;
    machine.on_deadline(woken);
    assert_eq!(machine.next_deadline(), Some(woken + TIMEOUT));
}

#[test]
fn an_unsolicited_pong_changes_nothing() {
    let (mut machine, start) = machine(Transport::WebSocket);
    assert_eq!(machine.receive(start + TIMEOUT, Packet::Pong("")), Ok(None));
    assert_eq!(machine.next_deadline(), Some(start + INTERVAL));
}

#[test]
fn the_heartbeat_waits_for_an_application_that_does_not_read() {
    let (mut machine, start) = machine(Transport::WebSocket);
    machine.on_deadline(start + INTERVAL);
    machine.set_paused(start + INTERVAL, true);
    machine.on_deadline(start + INTERVAL + TIMEOUT);
    assert_eq!(machine.ended(), None);
    assert_eq!(
        machine.next_deadline(),
        Some(start + INTERVAL + TIMEOUT * 2)
    );
    let resumed = start + INTERVAL + TIMEOUT * 2 - Duration::from_secs(1);
    machine.set_paused(resumed, false);
    assert_eq!(machine.next_deadline(), Some(resumed + TIMEOUT));
}

#[test]
fn a_poll_waits_for_packets_and_takes_all_of_them() {
    let (mut machine, now) = machine(Transport::Polling);
    machine.begin_poll(now).unwrap();
    assert_eq!(answer(&mut machine), None);
    machine.send(now, &text("a")).unwrap();
    machine.send(now, &text("b")).unwrap();
    assert_eq!(answer(&mut machine).unwrap(), ["4a", "4b"]);
}

#[test]
fn a_second_poll_ends_the_session_and_the_first_one_is_told() {
    let (mut machine, now) = machine(Transport::Polling);
    machine.begin_poll(now).unwrap();
    assert_eq!(machine.begin_poll(now), Err(Refusal::BadRequest));
    assert_eq!(answer(&mut machine).unwrap(), ["1"]);
    assert_eq!(machine.ended(), Some(CloseReason::TransportError));
    assert_eq!(machine.begin_poll(now), Err(Refusal::UnknownSession));
}

#[test]
fn a_second_post_ends_the_session() {
    let (mut machine, now) = machine(Transport::Polling);
    machine.begin_post(now).unwrap();
    machine.end_post();
    machine.begin_post(now).unwrap();
    assert_eq!(machine.begin_post(now), Err(Refusal::BadRequest));
    assert_eq!(machine.ended(), Some(CloseReason::TransportError));
}

#[test]
fn a_poll_that_comes_too_late_finds_no_session() {
    let (mut machine, start) = machine(Transport::Polling);
    machine.on_deadline(start + INTERVAL);
    assert_eq!(
        machine.begin_poll(start + INTERVAL + TIMEOUT),
        Err(Refusal::UnknownSession)
    );
    assert_eq!(machine.ended(), Some(CloseReason::PingTimeout));
}

#[test]
fn a_poll_that_goes_away_ends_the_session() {
    let (mut machine, now) = machine(Transport::Polling);
    machine.begin_poll(now).unwrap();
    machine.poll_abandoned(now);
    assert_eq!(machine.ended(), Some(CloseReason::TransportClose));
}

#[test]
fn a_client_that_closes_lets_its_own_poll_go() {
    let (mut machine, now) = machine(Transport::Polling);
    machine.begin_poll(now).unwrap();
    assert_eq!(
        machine.receive(now, Packet::Close),
        Err(CloseReason::TransportClose)
    );
    assert_eq!(answer(&mut machine).unwrap(), ["6"]);
}

#[test]
fn what_clients_must_not_send() {
    let (mut machine, now) = machine(Transport::WebSocket);
    assert_eq!(
        machine.receive(now, Packet::Ping("")),
        Err(CloseReason::TransportError)
    );
    assert_eq!(
        machine.receive(now, Packet::Message(Message::Text("x"))),
        Err(CloseReason::TransportError)
    );
    let (mut machine, now) = self::machine(Transport::WebSocket);
    for harmless in [Packet::Noop, Packet::Upgrade, Packet::Open("")] {
        assert_eq!(machine.receive(now, harmless), Ok(None));
    }
    assert_eq!(machine.ended(), None);
}

#[test]
fn an_upgrade_lets_the_poll_go_and_keeps_what_is_queued() {
    let (mut machine, now) = machine(Transport::Polling);
    machine.begin_poll(now).unwrap();
    assert!(machine.begin_probe());
    assert!(!machine.has_output());
    assert_eq!(
        machine.receive_probe(&Packet::Ping("probe")),
        Probe::Confirm
    );
    assert!(machine.has_output(), "the poll is to be woken");
    assert_eq!(answer(&mut machine).unwrap(), ["6"]);
    machine.send(now, &text("between")).unwrap();
    assert_eq!(machine.receive_probe(&Packet::Upgrade), Probe::Upgraded);
    assert_eq!(machine.transport(), Transport::WebSocket);
    assert_eq!(written(&mut machine), ["4between"]);
    assert_eq!(machine.begin_poll(now), Err(Refusal::BadRequest));
    assert_eq!(machine.begin_post(now), Err(Refusal::BadRequest));
    assert!(!machine.begin_probe(), "a session has one WebSocket");
}

#[test]
fn a_probe_that_fails_leaves_the_session_polling() {
    for wrong in [
        Packet::Upgrade,
        Packet::Ping(""),
        Packet::Message(Message::Text("x")),
        Packet::Noop,
    ] {
        let (mut machine, now) = machine(Transport::Polling);
        assert!(machine.begin_probe());
        assert!(!machine.begin_probe(), "one at a time");
        assert_eq!(machine.receive_probe(&wrong), Probe::GiveUp);
        machine.probe_ended();
        assert_eq!(machine.ended(), None);
        machine.begin_poll(now).unwrap();
        assert!(machine.begin_probe(), "and another may try");
    }
}

#[test]
fn an_upgrade_does_not_overtake_a_post() {
    let (mut machine, now) = machine(Transport::Polling);
    assert!(machine.begin_probe());
    assert_eq!(
        machine.receive_probe(&Packet::Ping("probe")),
        Probe::Confirm
    );
    machine.begin_post(now).unwrap();
    assert_eq!(machine.receive_probe(&Packet::Upgrade), Probe::GiveUp);
}

#[test]
fn a_budget_spent_ends_the_session() {
    let (mut machine, now) = machine(Transport::WebSocket);
    let half = text(&"x".repeat(600_000));
    machine.send(now, &half).unwrap();
    assert_eq!(machine.send(now, &half), Err(Closed));
    assert_eq!(machine.ended(), Some(CloseReason::SlowReader));
    assert_eq!(
        written(&mut machine),
        Vec::<String>::new(),
        "its memory is free"
    );
}

#[test]
fn a_budget_that_is_just_full_holds() {
    let size = EncodedMessage::text("ten bytes").size();
    let now = Instant::now();
    let config = Config {
        outbound_budget: 3 * size,
        ..Config::default()
    };
    let mut machine = Machine::new(
        now,
        Transport::Polling,
        &config,
        EncodedMessage::text("ten bytes"),
    );
    assert_eq!(machine.send(now, &text("ten bytes")), Ok(()));
    assert_eq!(
        machine.send(now, &text("ten bytes")),
        Ok(()),
        "all of it may be spent"
    );
    assert_eq!(
        machine.send(now, &text("")),
        Err(Closed),
        "and not a byte more"
    );
    assert_eq!(machine.ended(), Some(CloseReason::SlowReader));
}

#[test]
fn a_ping_that_waits_counts_too() {
    let now = Instant::now();
    let (ping, message) = (Packet::Ping("").encode(), text(""));
    let config = Config {
        outbound_budget: ping.size() + message[0].size() - 1,
        ..Config::default()
    };
    let mut machine =
        Machine::new(now, Transport::Polling, &config, EncodedMessage::text(""));
    machine.begin_poll(now).unwrap();
    assert!(machine.poll().is_some(), "nothing waits any more");
    machine.on_deadline(now + INTERVAL);
    assert_eq!(machine.send(now + INTERVAL, &message), Err(Closed));
}

#[test]
fn a_writer_has_something_to_do_when_there_is_something_to_say_or_nothing_more() {
    let (mut polling, now) = machine(Transport::Polling);
    assert!(!polling.has_output());
    polling.begin_poll(now).unwrap();
    assert!(!polling.has_output(), "a poll alone waits");
    assert!(polling.begin_probe());
    assert!(!polling.has_output(), "until somebody asks for it");
    assert_eq!(
        polling.receive_probe(&Packet::Ping("probe")),
        Probe::Confirm
    );
    assert!(polling.has_output(), "the poll is let go");

    let (mut open, now) = machine(Transport::WebSocket);
    assert!(!open.has_output());
    open.send(now, &text("a")).unwrap();
    assert!(open.has_output());
    written(&mut open);
    assert!(!open.has_output());
    open.close(now, CloseReason::Forced);
    assert!(open.has_output(), "the end is something to say");
    assert!(!open.is_closed());
    open.writer_ended();
    assert!(open.is_closed());
}

#[test]
fn what_is_taken_but_not_written_still_counts() {
    let (mut machine, now) = machine(Transport::WebSocket);
    let half = text(&"x".repeat(600_000));
    machine.send(now, &half).unwrap();
    let mut batch = VecDeque::new();
    machine.take(&mut batch);
    assert!(!machine.is_writable());
    assert_eq!(machine.send(now, &half), Err(Closed));
}

#[test]
fn one_message_larger_than_the_budget_passes_alone() {
    let (mut machine, now) = machine(Transport::WebSocket);
    machine.send(now, &text(&"x".repeat(5_000_000))).unwrap();
    assert_eq!(written(&mut machine).len(), 1);
    machine.send(now, &text("next")).unwrap();
}

#[test]
fn volatile_messages_ask_whether_they_leave_at_once() {
    let (mut polled, now) = machine(Transport::Polling);
    assert!(!polled.is_writable(), "nobody polls");
    polled.begin_poll(now).unwrap();
    assert!(polled.is_writable());
    let (mut socket, now) = machine(Transport::WebSocket);
    assert!(socket.is_writable());
    socket.send(now, &text("x")).unwrap();
    assert!(!socket.is_writable());
}

#[test]
fn an_orderly_end_sends_what_waits_first() {
    let (mut machine, now) = machine(Transport::Polling);
    machine.send(now, &text("last words")).unwrap();
    machine.close(now, CloseReason::Forced);
    assert_eq!(machine.send(now, &text("more")), Err(Closed));
    assert!(!machine.is_closed());
    machine.begin_poll(now).unwrap();
    assert_eq!(answer(&mut machine).unwrap(), ["4last words", "1"]);
    assert!(machine.is_closed());
}

#[test]
fn an_orderly_end_does_not_wait_for_ever() {
    let (mut machine, now) = machine(Transport::Polling);
    machine.close(now, CloseReason::ServerShutdown);
    assert_eq!(machine.next_deadline(), Some(now + TIMEOUT));
    machine.on_deadline(now + TIMEOUT);
    assert!(machine.is_closed());
}

#[test]
fn the_first_reason_stays() {
    let (mut machine, now) = machine(Transport::WebSocket);
    machine.close(now, CloseReason::Forced);
    machine.close(now, CloseReason::PingTimeout);
    assert_eq!(machine.ended(), Some(CloseReason::Forced));
}

#[derive(Clone, Debug)]
enum Op {
    Deadline(u16),
    Packet(u8),
    Send(usize),
    BeginPoll,
    Poll,
    Abandon,
    BeginPost,
    EndPost,
    BeginProbe,
    Probe(bool),
    ProbeEnded,
    Write,
    Pause(bool),
    Close(bool),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        any::<u16>().prop_map(Op::Deadline),
        (0..7u8).prop_map(Op::Packet),
        (0..400_000usize).prop_map(Op::Send),
        Just(Op::BeginPoll),
        Just(Op::Poll),
        Just(Op::Abandon),
        Just(Op::BeginPost),
        Just(Op::EndPost),
        Just(Op::BeginProbe),
        any::<bool>().prop_map(Op::Probe),
        Just(Op::ProbeEnded),
        Just(Op::Write),
        any::<bool>().prop_map(Op::Pause),
        any::<bool>().prop_map(Op::Close),
    ]
}

proptest! {
    /// Whatever happens in whatever order: nothing panics, the budget holds, an end is final.
    #[test]
    fn any_history_is_survived(
        websocket in any::<bool>(),
        history in proptest::collection::vec(op(), 0..60),
    ) {
        let start = if websocket { Transport::WebSocket } else { Transport::Polling };
        let (mut machine, mut now) = machine(start);
        let mut polled = false;
        for op in history {
            let ended = machine.ended();
            match op {
                Op::Deadline(ms) => {
                    now += Duration::from_millis(u64::from(ms));
                    machine.on_deadline(now);
                }
                Op::Packet(kind) => {
                    let packet = Packet::decode(["0", "1", "2", "3", "4x", "5", "6"][usize::from(kind)]).unwrap();
                    let _ = machine.receive(now, packet);
                }
                Op::Send(size) => {
                    let sent = machine.send(now, &text(&"x".repeat(size)));
                    prop_assert!(ended.is_none() || sent.is_err());
                }
                Op::BeginPoll => polled |= machine.begin_poll(now).is_ok(),
                Op::Poll => polled &= !(polled && machine.poll().is_some()),
                Op::Abandon => machine.poll_abandoned(now),
                Op::BeginPost => drop(machine.begin_post(now)),
                Op::EndPost => machine.end_post(),
                Op::BeginProbe => drop(machine.begin_probe()),
                Op::Probe(confirm) => {
                    let packet = if confirm { Packet::Ping("probe") } else { Packet::Upgrade };
                    let _ = machine.receive_probe(&packet);
                }
                Op::ProbeEnded => machine.probe_ended(),
                Op::Write => drop(written(&mut machine)),
                Op::Pause(paused) => machine.set_paused(now, paused),
                Op::Close(orderly) => {
                    machine.close(now, if orderly { CloseReason::Forced } else { CloseReason::TransportClose });
                }
            }
            prop_assert!(ended.is_none() || machine.ended() == ended, "an end is final");
            prop_assert!(machine.outstanding <= Config::default().outbound_budget + 100);
            prop_assert!(!machine.is_closed() || machine.queue.is_empty(), "a closed session keeps nothing");
            prop_assert!(machine.is_closed() == machine.next_deadline().is_none(), "every wait has a deadline");
        }
    }
}
