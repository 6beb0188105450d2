use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::config::{Limits, Reconnect};
use super::*;
use crate::wire::outgoing::OutgoingEvent;

/// A machine, the time, and the connection's other end.
struct Bench {
    machine: Machine<u64>,
    now: Instant,
    place: Place,
}

const OPEN: &str = r#"0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;

fn event(name: &str, args: impl crate::IntoArgs, id: Option<u64>) -> EncodedPacket {
    OutgoingEvent::event(name, &args)
        .unwrap()
        .encode_event("/", id)
}

impl Bench {
    fn new(config: Config) -> Self {
        let mut machine = Machine::new(Arc::new(config), 7);
        let (place, _) = machine.place("/");
        let now = Instant::now();
        let mut bench = Self {
            machine,
            now,
            place,
        };
        bench.machine.open(now, place);
        bench
    }

    /// One that is in its namespace.
    fn joined(config: Config) -> Self {
        let mut bench = Self::new(config);
        bench.connect();
        assert_eq!(bench.written(), ["40"]);
        bench.hears(r#"40{"sid":"ann"}"#);
        assert_eq!(bench.told(), ["joined ann"]);
        bench
    }

    fn connect(&mut self) {
        assert_eq!(self.machine.wish(), Wish::Dial);
        self.machine.handle_dialed();
        self.hears(OPEN);
        assert_eq!(self.machine.wish(), Wish::Carry);
    }

    fn hears(&mut self, text: &str) {
        self.machine.handle_text(self.now, text);
    }

    fn hears_bytes(&mut self, bytes: &'static [u8]) {
        self.machine.handle_binary(self.now, bytes.into());
    }

    fn lose(&mut self) {
        let reason = DisconnectReason::TransportClose;
        self.machine.handle_lost(self.now, Loss::Ended(reason));
    }

    fn fail(&mut self) {
        let why = Loss::Unreachable("refused".into());
        self.machine.handle_lost(self.now, why);
    }

    /// Lets time pass to the machine's next timeout. Returns how long that was.
    fn sleep(&mut self) -> Duration {
        let until = self
            .machine
            .poll_timeout()
            .expect("something is waited for");
        let slept = until.saturating_duration_since(self.now);
        self.now = until;
        self.machine.handle_timeout(self.now);
        slept
    }

    fn written(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        while let Some(packet) = self.machine.poll_transmit() {
            for message in packet.messages() {
                all.push(String::from_utf8_lossy(message.payload()).into_owned());
            }
        }
        all
    }

    fn told(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        while let Some(output) = self.machine.poll_output() {
            all.push(match output {
                Output::Answer { question, args } => {
                    format!("{question}: {}", args.json())
                }
                Output::News(_, news) => {
                    self.machine.work_done(news.cost());
                    match news {
                        News::Joined {
                            id,
                            recovered: false,
                        } => format!("joined {id}"),
                        News::Joined { id, .. } => format!("recovered {id}"),
                        News::Failed(failure) => failure.to_string(),
                        News::Event(event) => event.array.into(),
                        News::Left(reason) => reason.to_string(),
                    }
                }
            });
        }
        all
    }

    fn emit(&mut self, name: &str, question: Option<u64>) -> Result<(), EmitError> {
        let packet = event(name, (), question);
        let question = question.map(|id| (id, id));
        self.machine.emit(self.place, packet, question)
    }
}

#[test]
fn a_client_joins_emits_is_answered_and_leaves() {
    let mut bench = Bench::joined(Config::default());
    bench.emit("hello", None).unwrap();
    bench.emit("question", Some(3)).unwrap();
    assert_eq!(bench.written(), [r#"42["hello"]"#, r#"423["question"]"#]);
    bench.hears("433[true]");
    bench.hears("433[false]");
    bench.hears(r#"42["news",1]"#);
    assert_eq!(bench.told(), ["3: [true]", r#"["news",1]"#]);
    bench.emit("bye", None).unwrap();
    bench.machine.leave(bench.now, bench.place);
    assert_eq!(bench.told(), ["io client disconnect"]);
    assert_eq!(
        bench.machine.wish(),
        Wish::Carry,
        "the last words come first"
    );
    assert_eq!(bench.written(), [r#"42["bye"]"#, "41"]);
    assert_eq!(bench.machine.wish(), Wish::Finish);
    bench.machine.handle_finished(bench.now);
    assert_eq!(bench.machine.wish(), Wish::Rest);
    assert_eq!(bench.machine.poll_timeout(), None);
    assert_eq!(bench.emit("late", None), Err(EmitError::NotConnected));
}

#[test]
fn a_ping_is_answered_and_one_that_does_not_come_ends_the_connection() {
    let mut bench = Bench::joined(Config::default());
    bench.now += Duration::from_secs(25);
    bench.hears("2");
    assert_eq!(bench.written(), ["3"]);
    assert_eq!(bench.sleep(), Duration::from_secs(45));
    assert_eq!(bench.told(), ["ping timeout"]);
    assert_eq!(bench.machine.wish(), Wish::Rest);
    bench.sleep();
    assert_eq!(bench.machine.wish(), Wish::Dial);
}

#[test]
fn each_failure_doubles_the_wait_up_to_a_limit_and_success_starts_from_the_beginning() {
    let jitter = 0.0;
    let mut bench = Bench::joined(Config {
        reconnect: Some(Reconnect {
            jitter,
            ..Reconnect::default()
        }),
        ..Config::default()
    });
    bench.lose();
    assert_eq!(bench.told(), ["transport close"]);
    let mut waits = Vec::new();
    for _ in 0..5 {
        waits.push(bench.sleep().as_secs());
        bench.fail();
        assert_eq!(bench.told(), ["no connection: refused"]);
    }
    assert_eq!(waits, [1, 2, 4, 5, 5]);
    bench.sleep();
    bench.connect();
    bench.lose();
    assert_eq!(bench.sleep().as_secs(), 5, "a session alone is no success");
    bench.connect();
    bench.written();
    bench.hears(r#"40{"sid":"again"}"#);
    bench.lose();
    assert_eq!(bench.sleep().as_secs(), 1);
}

#[test]
fn the_random_part_of_a_wait_keeps_within_its_reach() {
    let mut random = Random(1);
    let second = Duration::from_secs(1);
    let waits: Vec<_> = (0..1000).map(|_| random.spread(second, 0.5)).collect();
    let half = Duration::from_millis(500);
    assert!(
        waits
            .iter()
            .all(|wait| (half..=second + half).contains(wait))
    );
    assert!(waits.iter().any(|wait| *wait < Duration::from_millis(600)));
    assert!(waits.iter().any(|wait| *wait > Duration::from_millis(1400)));
    assert_eq!(random.spread(Duration::MAX, 1.0).min(second), second);
}

#[test]
fn a_client_gives_up_after_the_last_attempt() {
    let mut bench = Bench::new(Config {
        reconnect: Some(Reconnect {
            attempts: Some(2),
            ..Reconnect::default()
        }),
        ..Config::default()
    });
    bench.emit("waits", Some(1)).unwrap();
    for _ in 0..2 {
        bench.fail();
        assert_eq!(bench.told(), ["no connection: refused"]);
        bench.sleep();
    }
    bench.fail();
    let told = bench.told();
    assert_eq!(told[1..], ["given up after too many attempts"]);
    assert_eq!(
        (bench.machine.wish(), bench.machine.queued()),
        (Wish::Rest, 0)
    );
    bench.machine.open(bench.now, bench.place);
    assert_eq!(
        bench.machine.wish(),
        Wish::Dial,
        "the program may try again"
    );
}

#[test]
fn a_server_that_does_not_answer_is_given_up_in_time() {
    let mut bench = Bench::new(Config::default());
    assert_eq!(bench.sleep(), Duration::from_secs(20));
    assert_eq!(bench.told(), ["no connection: timeout"]);
    bench.sleep();
    bench.machine.handle_dialed();
    assert_eq!(bench.sleep(), Duration::from_secs(20), "no open packet");
    assert_eq!(bench.told(), ["no connection: timeout"]);
}

#[test]
fn an_event_waits_for_the_next_connection_and_is_sent_once() {
    let mut bench = Bench::joined(Config::default());
    bench.emit("sent", Some(1)).unwrap();
    bench.written();
    bench.emit("not sent", Some(2)).unwrap();
    bench.lose();
    bench.emit("while away", None).unwrap();
    bench.emit("given up", Some(4)).unwrap();
    bench.machine.forget(bench.place, 4);
    bench.sleep();
    bench.connect();
    assert_eq!(bench.written(), ["40"]);
    bench.hears(r#"40{"sid":"again"}"#);
    let sent = bench.written();
    assert_eq!(sent, [r#"422["not sent"]"#, r#"42["while away"]"#]);
    bench.told();
    bench.hears("431[1]");
    bench.hears("432[2]");
    assert_eq!(
        bench.told(),
        ["2: [2]"],
        "the first question ended with its connection"
    );
}

#[test]
fn offline_events_are_refused_if_the_program_wants_that() {
    let mut bench = Bench::joined(Config {
        offline: Offline::Refuse,
        ..Config::default()
    });
    bench.emit("not sent", None).unwrap();
    bench.lose();
    assert_eq!(bench.emit("x", None), Err(EmitError::NotConnected));
    assert_eq!(bench.machine.queued(), 0);
}

#[test]
fn what_waits_to_be_sent_is_bounded() {
    let max_queue = 10_000;
    let limits = Limits {
        max_queue,
        ..Limits::default()
    };
    let mut bench = Bench::new(Config {
        limits,
        ..Config::default()
    });
    let mut taken = 0;
    while bench.emit("e", None).is_ok() {
        taken += 1;
        assert!(bench.machine.queued() <= max_queue);
    }
    assert_eq!(bench.emit("e", None), Err(EmitError::QueueFull));
    assert!(taken > 10);
    bench.connect();
    bench.written();
    bench.hears(r#"40{"sid":"ann"}"#);
    assert_eq!(bench.written().len(), taken);
    assert_eq!(bench.emit("e", None), Ok(()));
    // A server that asks and does not read: the answers are bounded too.
    bench.told();
    for _ in 0..1000 {
        let packet = event("answer", (), None);
        bench
            .machine
            .answer(bench.now, bench.place, Stay(0), packet);
    }
    assert!(bench.machine.queued() <= max_queue);
    assert_eq!(bench.told(), ["too many events waiting"]);
}

#[test]
fn recovery_asks_for_the_place_and_the_offset_of_the_last_event() {
    let mut bench = Bench::new(Config::default());
    let auth = serde_json::json!({ "token": "t" });
    let auth = auth.as_object().unwrap().clone();
    bench.machine.set_auth(bench.place, auth);
    bench.connect();
    assert_eq!(bench.written(), [r#"40{"token":"t"}"#]);
    bench.hears(r#"40{"sid":"ann","pid":"secret"}"#);
    for packet in [
        r#"42["a",1,"o1"]"#,
        r#"42["b","o2"]"#,
        r#"42["no offset",7]"#,
        r#"42["no offset"]"#,
        r#"421["a question","of the server"]"#,
    ] {
        bench.hears(packet);
    }
    bench.lose();
    bench.sleep();
    bench.connect();
    let asked = r#"40{"token":"t","pid":"secret","offset":"o2"}"#;
    let parts = |text: &str| serde_json::from_str::<Value>(&text[2..]).unwrap();
    assert_eq!(parts(&bench.written()[0]), parts(asked));
    bench.told();
    bench.hears(r#"40{"sid":"ann","pid":"secret"}"#);
    assert_eq!(bench.told(), ["recovered ann"]);
    bench.lose();
    bench.sleep();
    bench.connect();
    bench.written();
    bench.hears(r#"40{"sid":"new","pid":"other"}"#);
    assert_eq!(bench.told(), ["transport close", "joined new"]);
    bench.lose();
    bench.sleep();
    bench.connect();
    let asked = r#"40{"token":"t","pid":"other"}"#;
    assert_eq!(
        parts(&bench.written()[0]),
        parts(asked),
        "no offset of another place"
    );
}

#[test]
fn a_client_that_is_refused_or_put_out_stays_out() {
    let mut bench = Bench::new(Config::default());
    bench.connect();
    bench.written();
    bench.hears(r#"44{"message":"no","data":{"code":7}}"#);
    assert_eq!(bench.told(), ["refused: no"]);
    assert_eq!(bench.machine.wish(), Wish::Finish);
    bench.machine.handle_finished(bench.now);
    assert_eq!(bench.machine.wish(), Wish::Rest);
    let mut bench = Bench::joined(Config::default());
    bench.emit("question", Some(1)).unwrap();
    bench.hears("41");
    assert_eq!(bench.told(), ["io server disconnect"]);
    bench.machine.open(bench.now, bench.place);
    assert_eq!(
        bench.machine.wish(),
        Wish::Carry,
        "the connection can be used again"
    );
    assert_eq!(bench.written(), ["40"]);
}

#[test]
fn a_client_that_changes_its_mind_is_where_it_wants_to_be_in_the_end() {
    // Leaves before the server has answered, and then wants to be in after all.
    let mut bench = Bench::new(Config::default());
    bench.machine.place("/other");
    bench.machine.open(bench.now, Place(1));
    bench.connect();
    assert_eq!(bench.written(), ["40/other,", "40"]);
    bench.machine.leave(bench.now, bench.place);
    bench.machine.open(bench.now, bench.place);
    assert!(bench.written().is_empty(), "it has asked already");
    bench.machine.leave(bench.now, bench.place);
    bench.hears(r#"40{"sid":"ann"}"#);
    assert_eq!(
        bench.written(),
        ["41"],
        "the server has let it in: only now it can go"
    );
    assert!(bench.told().is_empty());
    // Leaves, and wants to be back before that is written.
    let mut bench = Bench::joined(Config::default());
    bench.machine.leave(bench.now, bench.place);
    bench.machine.open(bench.now, bench.place);
    bench.emit("second stay", None).unwrap();
    assert_eq!(bench.written(), ["41", "40"]);
    bench.hears(r#"40{"sid":"second"}"#);
    assert_eq!(bench.written(), [r#"42["second stay"]"#]);
}

#[test]
fn an_answer_is_for_the_stay_in_which_it_was_asked() {
    let mut bench = Bench::joined(Config::default());
    bench.hears(r#"420["your name?"]"#);
    bench.lose();
    bench.sleep();
    bench.connect();
    bench.written();
    bench.hears(r#"40{"sid":"second"}"#);
    let packet = event("answer", (), None);
    bench
        .machine
        .answer(bench.now, bench.place, Stay(0), packet.clone());
    assert!(bench.written().is_empty());
    bench
        .machine
        .answer(bench.now, bench.place, Stay(1), packet);
    assert_eq!(bench.written().len(), 1);
}

#[test]
fn what_breaks_the_protocol_ends_the_connection_and_not_the_client() {
    let reserved = r#"42["connect"]"#;
    let deep = format!(r#"42["e",{}{}]"#, "[".repeat(100), "]".repeat(100));
    let bytes = r#"451-["e",{"_placeholder":true,"num":0}]"#;
    for (texts, reason) in [
        (vec!["9"], "transport error"),
        (vec![""], "transport error"),
        (vec![OPEN], "parse error"),
        (vec!["4"], "parse error"),
        (vec!["49"], "parse error"),
        (vec![r#"42{"a":1}"#], "parse error"),
        (vec![r#"42["e""#], "parse error"),
        (vec![reserved], "parse error"),
        (vec![&deep], "parse error"),
        (vec!["4599-[\"e\"]"], "parse error"),
        (vec![bytes, "41"], "parse error"),
        (
            vec![
                r#"452-["e",{"_placeholder":true,"num":0}]"#,
                "bAA==",
                "bAA==",
            ],
            "parse error",
        ),
        (vec!["bAA=="], "parse error"),
        (vec!["1"], "transport close"),
    ] {
        let mut bench = Bench::joined(Config::default());
        for text in &texts {
            bench.hears(text);
        }
        assert_eq!(bench.told(), [reason], "{texts:?}");
        bench.sleep();
        assert_eq!(bench.machine.wish(), Wish::Dial, "{texts:?}");
    }
    // What was sent before the server knew that we are gone, or not yet there.
    let mut bench = Bench::joined(Config::default());
    for text in [
        "43/elsewhere,1[]",
        "41/elsewhere,",
        "440",
        "40{\"sid\":\"x\"}",
        "437[]",
        "6",
    ] {
        bench.hears(text);
    }
    assert!(bench.told().is_empty());
    assert_eq!(bench.machine.wish(), Wish::Carry);
}

#[test]
fn bytes_come_with_their_event_and_are_limited() {
    let limits = Limits {
        max_attachment_bytes: 8,
        ..Limits::default()
    };
    let config = Config {
        limits,
        ..Config::default()
    };
    let text = r#"452-["e",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]"#;
    let mut bench = Bench::joined(config.clone());
    bench.hears(text);
    bench.hears_bytes(b"four");
    bench.hears("2");
    bench.hears_bytes(b"4444");
    let Some(Output::News(_, News::Event(event))) = bench.machine.poll_output() else {
        panic!("no event");
    };
    let (first, second): (crate::Binary, crate::Binary) = event.raw().decode().unwrap();
    assert_eq!((&*first.0, &*second.0), (&b"4444"[..], &b"four"[..]));
    bench.hears(text);
    bench.hears_bytes(b"too long!");
    assert_eq!(bench.told(), ["parse error"]);
    // Those that do not come.
    let mut bench = Bench::joined(config);
    bench.hears(text);
    assert_eq!(bench.sleep(), Duration::from_secs(20));
    assert_eq!(bench.told(), ["transport error"]);
}

#[test]
fn a_server_faster_than_the_handlers_is_read_no_further() {
    let limits = Limits {
        max_inbox: 5_000,
        max_backlog: 20_000,
        ..Limits::default()
    };
    let config = Config {
        limits,
        ..Config::default()
    };
    let mut bench = Bench::joined(config);
    while bench.machine.may_read() {
        bench.hears(r#"42["e"]"#);
    }
    assert!(bench.machine.kept <= 6_000);
    assert_eq!(bench.sleep(), Duration::from_secs(45));
    assert_eq!(bench.machine.wish(), Wish::Carry, "the ping may lie unread");
    // A handler that waits for an answer: it comes after the events.
    bench.emit("question", Some(1)).unwrap();
    assert!(bench.machine.may_read());
    for _ in 0..100 {
        bench.hears(r#"42["e"]"#);
    }
    assert!(bench.machine.kept <= 22_000);
    let told = bench.told();
    assert_eq!(told.last().unwrap(), "too many events waiting");
    assert_eq!(bench.machine.kept, 0);
}

#[test]
fn events_that_come_before_the_answer_to_connect_follow_it() {
    let limits = Limits {
        max_backlog: 20_000,
        ..Limits::default()
    };
    let mut bench = Bench::new(Config {
        limits,
        ..Config::default()
    });
    bench.connect();
    bench.written();
    bench.hears(r#"42["missed","o1"]"#);
    bench.hears(r#"420["a question"]"#);
    assert!(bench.told().is_empty());
    bench.hears(r#"40{"sid":"ann","pid":"p"}"#);
    let Some(Output::News(..)) = bench.machine.poll_output() else {
        panic!("not told that it is in");
    };
    let mut events = Vec::new();
    while let Some(Output::News(_, News::Event(event))) = bench.machine.poll_output() {
        events.push((event.name(), event.stay));
    }
    let (missed, question) = ("missed".to_owned(), "a question".to_owned());
    assert_eq!(events, [(missed, Stay(0)), (question, Stay(0))]);
    bench.lose();
    bench.sleep();
    bench.connect();
    let asked = bench.written();
    assert!(asked[0].contains(r#""offset":"o1""#), "{asked:?}");
    bench.told();
    // Not without a limit.
    for _ in 0..1000 {
        bench.hears(r#"42["early"]"#);
    }
    assert_eq!(bench.told(), ["no connection: too many events waiting"]);
}

#[test]
fn each_namespace_has_its_turn() {
    let mut bench = Bench::joined(Config::default());
    let (other, _) = bench.machine.place("/other");
    bench.machine.open(bench.now, other);
    bench.written();
    bench.hears(r#"40/other,{"sid":"o"}"#);
    for _ in 0..3 {
        bench.emit("a", None).unwrap();
        let packet = OutgoingEvent::event("b", &()).unwrap();
        let packet = packet.encode_event("/other", None);
        bench.machine.emit(other, packet, None).unwrap();
    }
    let written = bench.written();
    let ours = |text: &String| text.starts_with("42[");
    let turns: Vec<bool> = written.iter().map(ours).collect();
    assert!(
        turns.windows(2).all(|pair| pair[0] != pair[1]),
        "{written:?}"
    );
}

#[test]
fn a_farewell_that_nobody_reads_has_an_end() {
    let mut bench = Bench::joined(Config::default());
    bench.machine.leave(bench.now, bench.place);
    assert_eq!(bench.sleep(), Duration::from_secs(5));
    assert_eq!(bench.machine.wish(), Wish::Rest);
    assert_eq!(bench.machine.poll_timeout(), None);
}

/// What may happen to a client.
#[derive(Clone, Debug)]
enum Step {
    Emit,
    Forget(u8),
    /// Writes up to this many packets, which the server reads.
    Carry(u8),
    /// The server answers a question, or says this.
    Answer,
    Say(&'static str),
    Lose,
    Fail,
    Sleep,
    Leave,
    Open,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => Just(Step::Emit),
        1 => any::<u8>().prop_map(Step::Forget),
        6 => (1..5_u8).prop_map(Step::Carry),
        4 => Just(Step::Answer),
        2 => prop::sample::select(vec![r#"42["e",1]"#, r#"421["q"]"#, "2", "41", "9"]).prop_map(Step::Say),
        2 => Just(Step::Lose),
        1 => Just(Step::Fail),
        3 => Just(Step::Sleep),
        1 => Just(Step::Leave),
        2 => Just(Step::Open),
    ];
    prop::collection::vec(step, 0..200)
}

proptest! {
    /// Whatever happens: an event is sent at most once and in order, a question ends once,
    /// the queue keeps its limit, and a client that wants to be in and has a server gets
    /// in.
    #[test]
    fn events_are_sent_once_in_order_and_questions_end(steps in steps()) {
        let max_queue = 3_000;
        let limits = Limits { max_queue, ..Limits::default() };
        let mut bench = Bench::new(Config { limits, ..Config::default() });
        let (mut next, mut sent, mut unanswered) = (0, Vec::new(), Vec::new());
        // The questions that are neither answered nor forgotten, while the program waits.
        let mut open: BTreeSet<u64> = BTreeSet::new();
        let mut joined = false;
        for step in steps.into_iter().chain([Step::Open]) {
            match step {
                Step::Emit => {
                    if bench.emit("e", Some(next)).is_ok() {
                        open.insert(next);
                    }
                    next += 1;
                }
                Step::Forget(pick) => {
                    let pick = usize::from(pick) % open.len().max(1);
                    if let Some(id) = open.iter().copied().nth(pick) {
                        open.remove(&id);
                        bench.machine.forget(bench.place, id);
                    }
                }
                Step::Carry(count) => match bench.machine.wish() {
                    Wish::Dial => {
                        bench.machine.handle_dialed();
                        bench.hears(OPEN);
                        joined = false;
                        unanswered.clear();
                    }
                    Wish::Finish => {
                        bench.machine.handle_finished(bench.now);
                        joined = false;
                        unanswered.clear();
                    }
                    Wish::Carry => for _ in 0..count {
                        let Some(packet) = bench.machine.poll_transmit() else { break };
                        let text = packet.messages()[0].payload();
                        let text = std::str::from_utf8(text).unwrap();
                        if text.starts_with("40") {
                            prop_assert!(!joined, "asked twice");
                            joined = true;
                            bench.hears(r#"40{"sid":"ann"}"#);
                        } else if text == "41" {
                            joined = false;
                            unanswered.clear();
                        } else if let Some(rest) = text.strip_prefix("42") {
                            prop_assert!(joined, "an event before the namespace");
                            let id = rest.split('[').next().unwrap().parse::<u64>().unwrap();
                            prop_assert!(sent.last().is_none_or(|last| *last < id), "order");
                            sent.push(id);
                            unanswered.push(id);
                        }
                    },
                    Wish::Rest => {}
                },
                Step::Answer => if let Some(id) = unanswered.pop() {
                    bench.hears(&format!("43{id}[{id}]"));
                },
                Step::Say(text) => {
                    if text == "41" && joined && bench.machine.wish() == Wish::Carry {
                        joined = false;
                        unanswered.clear();
                    }
                    bench.hears(text);
                }
                Step::Lose => bench.lose(),
                Step::Fail => if bench.machine.wish() == Wish::Dial {
                    bench.fail();
                },
                Step::Sleep => if bench.machine.poll_timeout().is_some() {
                    bench.sleep();
                },
                Step::Leave => {
                    bench.machine.leave(bench.now, bench.place);
                    open.clear();
                }
                Step::Open => bench.machine.open(bench.now, bench.place),
            }
            prop_assert!(bench.machine.queued() <= max_queue);
            while let Some(output) = bench.machine.poll_output() {
                match output {
                    Output::News(_, news) => {
                        bench.machine.work_done(news.cost());
                        if let News::Left(_) = news {
                            // Which of them were sent is the machine's to know.
                            open.retain(|id| !sent.contains(id));
                        }
                    }
                    Output::Answer { question, args } => {
                        prop_assert!(open.remove(&question), "answered twice");
                        prop_assert_eq!(args.json(), format!("[{question}]"));
                    }
                }
            }
        }
        prop_assert_eq!(bench.machine.kept, 0);
        // In the end, with a server that does what it should, the client gets in, and
        // everything that waited is sent.
        for _ in 0..10 {
            match bench.machine.wish() {
                Wish::Rest => { bench.sleep(); }
                Wish::Dial => {
                    bench.machine.handle_dialed();
                    bench.hears(OPEN);
                }
                Wish::Finish => bench.machine.handle_finished(bench.now),
                Wish::Carry => for text in bench.written() {
                    if text.starts_with("40") {
                        bench.hears(r#"40{"sid":"ann"}"#);
                    }
                },
            }
        }
        prop_assert_eq!(bench.machine.queued(), 0);
        bench.emit("at last", None).unwrap();
        prop_assert_eq!(bench.written(), [r#"42["at last"]"#]);
    }
}
