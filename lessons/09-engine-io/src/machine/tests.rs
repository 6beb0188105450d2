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
fn a_late_ping_leaves_the_client_its_whole_time() {
    for late in [Duration::from_millis(2), INTERVAL * 9] {
        let (mut machine, start) = machine(Transport::WebSocket);
        let sent = start + INTERVAL + late;
        machine.on_deadline(sent);
        assert_eq!(machine.ended(), None);
        assert_eq!(machine.next_deadline(), Some(sent + TIMEOUT));
    }
}

// ANCHOR: late_pong
#[test]
fn a_late_pong_counts_until_the_deadline_was_served() {
    let (mut machine, start) = machine(Transport::WebSocket);
    machine.on_deadline(start + INTERVAL);
    let late = start + INTERVAL + TIMEOUT + Duration::from_millis(2);
    assert_eq!(machine.receive(late, Packet::Pong("")), Ok(None));
    machine.on_deadline(late);
    assert_eq!(machine.ended(), None);
    assert_eq!(machine.next_deadline(), Some(late + INTERVAL));
}
// ANCHOR_END: late_pong

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
    let half = text(&"x".repeat(Config::default().outbound_budget / 2));
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
    let half = text(&"x".repeat(Config::default().outbound_budget / 2));
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
    assert_eq!(answer(&mut machine).unwrap(), ["4last words"]);
    assert!(!machine.is_closed(), "the client has yet to be told");
    machine.begin_poll(now).unwrap();
    assert_eq!(answer(&mut machine).unwrap(), ["6", "1"]);
    assert!(machine.is_closed());
    assert_eq!(machine.begin_poll(now), Err(Refusal::UnknownSession));
}

#[test]
fn a_server_that_goes_down_says_all_in_one_answer() {
    let (mut machine, now) = machine(Transport::Polling);
    machine.send(now, &text("last words")).unwrap();
    machine.close(now, CloseReason::ServerShutdown);
    machine.begin_poll(now).unwrap();
    assert_eq!(answer(&mut machine).unwrap(), ["4last words", "1"]);
    assert!(machine.is_closed());
}

#[test]
fn a_poll_that_waits_at_the_end_is_answered_with_it() {
    let (mut machine, now) = machine(Transport::Polling);
    machine.begin_poll(now).unwrap();
    machine.close(now, CloseReason::ParseError);
    assert_eq!(answer(&mut machine).unwrap(), ["1"]);
    assert!(machine.is_closed());
}

#[test]
fn a_message_that_makes_no_sense_does_not_undo_what_was_queued() {
    for transport in [Transport::Polling, Transport::WebSocket] {
        let (mut machine, now) = machine(transport);
        machine
            .send(now, &text("the answer to what came before"))
            .unwrap();
        machine.close(now, CloseReason::ParseError);
        let queued = match transport {
            Transport::WebSocket => written(&mut machine),
            Transport::Polling => {
                machine.begin_poll(now).unwrap();
                answer(&mut machine).unwrap()
            }
        };
        assert_eq!(queued, ["4the answer to what came before"]);
    }
}

#[test]
fn a_paused_session_that_does_not_move_ends_one_day() {
    let (mut machine, start) = machine(Transport::WebSocket);
    let patience = Config::default().pause_timeout;
    machine.set_paused(start, true);
    let mut now = start;
    while machine.ended().is_none() {
        now = machine.next_deadline().expect("every wait has a deadline");
        machine.on_deadline(now);
    }
    assert_eq!(machine.ended(), Some(CloseReason::Stalled));
    assert_eq!(now, start + patience);
}

#[test]
fn a_paused_session_that_moves_goes_on() {
    let (mut machine, start) = machine(Transport::WebSocket);
    let patience = Config::default().pause_timeout;
    machine.set_paused(start, true);
    let moved = start + patience - Duration::from_secs(1);
    machine.set_paused(moved, true);
    machine.on_deadline(start + patience);
    assert_eq!(machine.ended(), None);
    machine.set_paused(moved, false);
    machine.on_deadline(start + patience * 3);
    assert_ne!(machine.ended(), Some(CloseReason::Stalled));
}

#[test]
fn a_body_that_still_arrives_is_a_sign_of_life() {
    let (mut machine, start) = machine(Transport::Polling);
    machine.on_deadline(start + INTERVAL);
    machine.begin_post(start + INTERVAL).unwrap();
    machine.on_deadline(start + INTERVAL + TIMEOUT);
    assert_eq!(machine.ended(), None, "the pong may be in this body");
    machine.end_post();
    machine.on_deadline(start + INTERVAL + TIMEOUT * 2);
    assert_eq!(machine.ended(), Some(CloseReason::PingTimeout));
}

#[test]
fn polls_during_an_upgrade_are_answered_ten_times_a_second_at_most() {
    let (mut machine, start) = machine(Transport::Polling);
    assert!(machine.begin_probe());
    machine.receive_probe(&Packet::Ping("probe"));
    let (mut now, mut noops) = (start, 0);
    while now < start + Duration::from_secs(2) && noops < 100 {
        machine.begin_poll(now).unwrap();
        while answer(&mut machine).is_none() {
            now = machine.next_deadline().expect("the poll is let go");
            machine.on_deadline(now);
        }
        noops += 1;
    }
    assert!((20..=21).contains(&noops), "{noops} polls in two seconds");
    // A message does not wait.
    machine.begin_poll(now).unwrap();
    machine.send(now, &text("at once")).unwrap();
    assert_eq!(answer(&mut machine).unwrap(), ["4at once"]);
}

#[test]
fn a_poll_that_goes_away_after_the_upgrade_takes_nothing_with_it() {
    let (mut machine, now) = machine(Transport::Polling);
    machine.begin_poll(now).unwrap();
    assert!(machine.begin_probe());
    machine.receive_probe(&Packet::Ping("probe"));
    machine.receive_probe(&Packet::Upgrade);
    machine.poll_abandoned(now);
    assert_eq!(machine.ended(), None, "the session is on the WebSocket");
}

#[test]
fn durations_that_no_clock_can_add_are_far_away() {
    let config = Config {
        ping_interval: Duration::MAX,
        ping_timeout: Duration::MAX,
        pause_timeout: Duration::MAX,
        ..Config::default()
    };
    let now = Instant::now();
    let open = Packet::Open("{}").encode();
    let mut machine = Machine::new(now, Transport::WebSocket, &config, open);
    machine.set_paused(now, true);
    let ping = machine.next_deadline().unwrap();
    assert!(ping > now + Duration::from_secs(86_400 * 365));
    machine.set_paused(now, false);
    machine.on_deadline(ping);
    machine.close(now, CloseReason::Forced);
    assert!(machine.next_deadline().is_some());
}

#[test]
fn a_burst_that_the_other_limits_allow_is_not_a_slow_reader() {
    // Nobody has had a chance to read yet.
    let (mut machine, now) = machine(Transport::WebSocket);
    let largest = text(&"x".repeat(Config::default().max_payload));
    for _ in 0..5 {
        assert_eq!(machine.send(now, &largest), Ok(()));
    }
    let (mut machine, now) = self::machine(Transport::WebSocket);
    for _ in 0..5000 {
        assert_eq!(machine.send(now, &text(&"x".repeat(1000))), Ok(()));
    }
}

#[test]
fn a_client_that_takes_something_is_not_idle() {
    let (mut machine, start) = machine(Transport::WebSocket);
    let later = |seconds| start + Duration::from_secs(seconds);
    assert_eq!(machine.waiting_since(later(1)), None, "nothing waits");
    machine.send(later(2), &text("a")).unwrap();
    machine.send(later(3), &text("b")).unwrap();
    assert_eq!(machine.waiting_since(later(9)), Some(later(2)));
    machine.take(&mut VecDeque::new());
    machine.wrote(1);
    assert_eq!(machine.waiting_since(later(9)), Some(later(9)), "it reads");
    assert_eq!(machine.waiting_since(later(12)), Some(later(9)));
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

/// What may happen to a session, in any order.
#[derive(Clone, Debug)]
enum Op {
    /// Time passes, and the clock comes by at each deadline on the way.
    Wait(u16),
    /// The clock is late: only the last deadline is served.
    Delay(u16),
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
    /// The WebSocket breaks.
    Cut,
    Pause(bool),
    Close(u8),
    /// The server takes the memory back.
    Evict,
}

const REASONS: [CloseReason; 6] = [
    CloseReason::Forced,
    CloseReason::TransportClose,
    CloseReason::TransportError,
    CloseReason::ParseError,
    CloseReason::ServerShutdown,
    CloseReason::Panicked,
];

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        any::<u16>().prop_map(Op::Wait),
        any::<u16>().prop_map(Op::Delay),
        (0..7u8).prop_map(Op::Packet),
        (0..4_000usize).prop_map(Op::Send),
        Just(Op::BeginPoll),
        Just(Op::Poll),
        Just(Op::Abandon),
        Just(Op::BeginPost),
        Just(Op::EndPost),
        Just(Op::BeginProbe),
        any::<bool>().prop_map(Op::Probe),
        Just(Op::ProbeEnded),
        Just(Op::Write),
        Just(Op::Cut),
        any::<bool>().prop_map(Op::Pause),
        (0..6u8).prop_map(Op::Close),
        Just(Op::Evict),
    ]
}

/// A client, a network and a server, all as values, in virtual time.
struct World {
    machine: Machine,
    now: Instant,
    budget: usize,
    /// The shell's side: whether a GET and a POST are out, and whether a WebSocket is there.
    polled: bool,
    posting: bool,
    sent: u32,
    received: Vec<u32>,
}

impl World {
    fn new(transport: Transport, budget: usize) -> Self {
        let now = Instant::now();
        let config = Config {
            outbound_budget: budget,
            ..Config::default()
        };
        let open = Packet::Open("{}").encode();
        let machine = Machine::new(now, transport, &config, open);
        let (polled, posting, sent) = (false, false, 0);
        Self {
            machine,
            now,
            budget,
            polled,
            posting,
            sent,
            received: Vec::new(),
        }
    }

    /// The client gets these.
    fn hear(&mut self, packets: impl IntoIterator<Item = EncodedMessage>) {
        for packet in packets {
            if let Some((number, _)) =
                packet.as_text().and_then(|text| text.split_once(':'))
            {
                self.received.push(number.parse().unwrap());
            }
        }
    }

    fn step(&mut self, op: Op) {
        let (machine, now) = (&mut self.machine, self.now);
        match op {
            Op::Wait(ms) => {
                let until = now + Duration::from_millis(u64::from(ms));
                while let Some(due) = machine.next_deadline().filter(|due| *due <= until)
                {
                    let now = due.max(self.now);
                    machine.on_deadline(now);
                    let next = machine.next_deadline();
                    assert!(
                        next.is_none_or(|next| next > now),
                        "a deadline is served once"
                    );
                }
                self.now = until;
            }
            Op::Delay(ms) => {
                self.now += Duration::from_millis(u64::from(ms));
                machine.on_deadline(self.now);
            }
            Op::Packet(kind) => {
                let text = ["0", "1", "2", "3", "4x", "5", "6"][usize::from(kind)];
                let was = machine.ended();
                let heard = machine.receive(now, Packet::decode(text).unwrap());
                assert!(
                    was.is_none() || heard.is_err(),
                    "nothing is heard after the end"
                );
            }
            Op::Send(size) => {
                let was = machine.ended();
                let message = text(&format!("{}:{}", self.sent, "x".repeat(size)));
                match machine.send(now, &message) {
                    Ok(()) => self.sent += 1,
                    Err(Closed) => assert!(machine.ended().is_some()),
                }
                assert!(was.is_none() || machine.ended() == was);
            }
            Op::BeginPoll => self.polled |= machine.begin_poll(now).is_ok(),
            Op::Poll if self.polled => {
                let had_output = machine.has_output();
                let answer = machine.poll();
                assert!(
                    answer.is_some() || !had_output,
                    "a waker would wait in vain"
                );
                self.polled = answer.is_none();
                self.hear(answer.into_iter().flatten());
            }
            Op::Abandon if self.polled => {
                self.polled = false;
                machine.poll_abandoned(now);
            }
            Op::BeginPost => self.posting |= machine.begin_post(now).is_ok(),
            Op::EndPost => {
                self.posting = false;
                machine.end_post();
            }
            Op::BeginProbe => drop(machine.begin_probe()),
            Op::Probe(confirm) => {
                let packet = if confirm {
                    Packet::Ping("probe")
                } else {
                    Packet::Upgrade
                };
                let _ = machine.receive_probe(&packet);
            }
            Op::ProbeEnded => machine.probe_ended(),
            Op::Write if machine.transport() == Transport::WebSocket => {
                let mut batch = VecDeque::new();
                machine.take(&mut batch);
                machine.wrote(batch.iter().map(EncodedMessage::size).sum());
                self.hear(batch);
            }
            Op::Cut if machine.transport() == Transport::WebSocket => {
                machine.close(now, CloseReason::TransportClose);
                machine.writer_ended();
            }
            Op::Pause(paused) => machine.set_paused(now, paused),
            Op::Close(reason) => machine.close(now, REASONS[usize::from(reason)]),
            Op::Evict => {
                machine.close(now, CloseReason::MemoryPressure);
                machine.writer_ended();
            }
            Op::Poll | Op::Abandon | Op::Write | Op::Cut => {}
        }
    }

    fn check(&self, was: Option<CloseReason>) {
        let machine = &self.machine;
        assert!(was.is_none() || machine.ended() == was, "an end is final");
        let queued: usize = machine.queue.iter().map(EncodedMessage::size).sum();
        assert!(
            queued <= machine.outstanding(),
            "every byte that is kept is counted"
        );
        // A ping may come on top, and the first packet, or one that is larger than all.
        assert!(machine.outstanding() <= self.budget.max(4_020) + 100);
        assert!(
            !machine.is_closed() || queued == 0,
            "a closed session keeps nothing"
        );
        assert_eq!(machine.is_closed(), machine.next_deadline().is_none());
        let all: Vec<u32> = (0..).take(self.received.len()).collect();
        assert_eq!(
            self.received, all,
            "in order, without a gap, and never twice"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    /// Whatever happens in whatever order: nothing panics, each message arrives once and in
    /// order or is lost with the session, the budget holds, and a session whose client is
    /// gone ends. proptest prints the history that fails, made as short as it can be.
    #[test]
    fn any_history_is_survived(
        websocket in any::<bool>(),
        budget in 100..30_000usize,
        history in proptest::collection::vec(op(), 0..80),
    ) {
        let start = if websocket { Transport::WebSocket } else { Transport::Polling };
        let mut world = World::new(start, budget);
        for op in history {
            let was = world.machine.ended();
            world.step(op);
            world.check(was);
        }
        // Now the client vanishes. Its POST breaks off, its WebSocket says nothing, the
        // application does not move.
        world.step(Op::EndPost);
        let patience = Config::default().pause_timeout + (INTERVAL + TIMEOUT) * 3;
        let end = world.now + patience;
        while world.now < end && !world.machine.is_closed() {
            world.step(Op::Wait(10_000));
        }
        prop_assert!(world.machine.is_closed(), "every session ends");
    }
}
