//! The machine without a server: each fault of the first edition takes microseconds here.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

/// The handle of a namespace is its name's place in a list, the question's its number.
type Machine = super::Machine<u32, u64>;

fn rules(limits: Limits) -> Arc<Rules> {
    Arc::new(Rules {
        limits,
        connect_timeout: Duration::from_secs(45),
        parser: Parser::default(),
    })
}

/// A machine whose client has joined `/` under the handle 0.
fn joined(now: Instant, limits: Limits) -> (Machine, Key) {
    let mut machine = Machine::new(now, rules(limits));
    let key = join(&mut machine, now, "0", 0);
    (machine, key)
}

fn join(machine: &mut Machine, now: Instant, packet: &str, handle: u32) -> Key {
    let key = asked(machine.handle_text(now, packet));
    assert!(machine.admit(key, handle));
    machine.accepted(key);
    key
}

fn asked(output: Option<Output<u32, u64>>) -> Key {
    match output {
        Some(Output::Ask { key, .. }) => key,
        other => panic!("{other:?}"),
    }
}

fn event(output: Option<Output<u32, u64>>) -> Event {
    match output {
        Some(Output::Event { event, .. }) => event,
        other => panic!("{other:?}"),
    }
}

/// Everything that the machine decides now.
fn decisions(machine: &mut Machine) -> Vec<String> {
    std::iter::from_fn(|| machine.poll())
        .map(|decision| match decision {
            Decision::Pause => "pause".to_owned(),
            Decision::Resume => "resume".to_owned(),
            Decision::Close(why) => format!("close: {why}"),
        })
        .collect()
}

fn photo(number: usize) -> String {
    format!(r#"51-["photo",{{"_placeholder":true,"num":{number}}}]"#)
}

#[test]
fn a_client_that_no_namespace_accepts_is_closed_whoever_refused_it() {
    let now = Instant::now();
    let late = now + Duration::from_secs(45);
    let silent = Machine::new(now, rules(Limits::default()));
    let mut refused = Machine::new(now, rules(Limits::default()));
    let key = asked(refused.handle_text(now, "0/admin,"));
    assert!(refused.admit(key, 0));
    assert!(refused.refused(now, key, "/admin"));
    let mut undecided = Machine::new(now, rules(Limits::default()));
    asked(undecided.handle_text(now, "0/admin,"));
    for mut machine in [silent, refused, undecided] {
        assert_eq!(machine.poll_timeout(), Some(late));
        machine.handle_timeout(late - Duration::from_millis(1));
        assert!(decisions(&mut machine).is_empty());
        machine.handle_timeout(late);
        let end = "close: no namespace joined in time";
        assert_eq!(decisions(&mut machine), [end]);
        assert!(machine.handle_text(late, "0").is_none(), "it has ended");
    }
    let (mut accepted, key) = joined(now, Limits::default());
    assert_eq!(accepted.poll_timeout(), None);
    // Whoever has left the last namespace is a stranger again.
    accepted.left(late, key);
    assert_eq!(
        accepted.poll_timeout(),
        Some(late + Duration::from_secs(45))
    );
}

#[test]
fn the_inbox_counts_attachments_and_what_every_event_costs() {
    let now = Instant::now();
    let limits = Limits {
        max_inbox: 100_000,
        ..Limits::default()
    };
    let (mut machine, _) = joined(now, limits);
    let mut events = Vec::new();
    machine.handle_text(now, &photo(0));
    events.push(event(
        machine.handle_binary(now, Bytes::from(vec![0; 100_000])),
    ));
    assert_eq!(decisions(&mut machine), ["pause"]);
    machine.work_done(events[0].cost);
    assert_eq!(decisions(&mut machine), ["resume"]);
    // Tiny events cost more than their text.
    let tiny = event(machine.handle_text(now, r#"2[""]"#)).cost;
    let mut count = 1;
    while decisions(&mut machine).is_empty() {
        event(machine.handle_text(now, r#"2[""]"#));
        count += 1;
    }
    assert!(
        (150..200).contains(&count),
        "{count} events of {tiny} bytes"
    );
    machine.work_done(tiny * count);
    assert_eq!(decisions(&mut machine), ["resume"]);
    assert_eq!(machine.kept(), 0);
}

#[test]
fn the_inbox_is_one_for_all_namespaces() {
    let now = Instant::now();
    let (mut machine, _) = joined(now, Limits::default());
    let text = "x".repeat(3000);
    let mut paused = false;
    for number in 1..100 {
        join(&mut machine, now, &format!("0/n{number},"), number);
        event(machine.handle_text(now, &format!(r#"2/n{number},["slow","{text}"]"#)));
        paused |= decisions(&mut machine) == ["pause"];
    }
    assert!(
        paused,
        "one event for each namespace, and too many together"
    );
}

/// CONNECT, an event, DISCONNECT, again and again.
#[test]
fn events_of_a_namespace_that_was_left_still_count() {
    let now = Instant::now();
    let (mut machine, _) = joined(now, Limits::default());
    let text = "x".repeat(10_000);
    let mut rounds = 0;
    while decisions(&mut machine).is_empty() {
        join(&mut machine, now, "0/chat,", 1);
        event(machine.handle_text(now, &format!(r#"2/chat,["slow","{text}"]"#)));
        assert!(machine.handle_text(now, "1/chat,").is_some());
        rounds += 1;
    }
    assert_eq!(rounds, (256 << 10) / (10_000 + EVENT_COST) + 1);
}

#[test]
fn a_client_that_owes_an_answer_is_read_on() {
    let now = Instant::now();
    let (mut machine, key) = joined(now, Limits::default());
    let first = event(machine.handle_text(now, r#"2["start"]"#));
    assert!(machine.ask(key, 7, 70));
    let big = format!(r#"2["data","{}"]"#, "x".repeat(100_000));
    let mut costs = vec![first.cost];
    for _ in 0..10 {
        costs.push(event(machine.handle_text(now, &big)).cost);
        assert!(
            decisions(&mut machine).is_empty(),
            "the answer comes after this"
        );
    }
    match machine.handle_text(now, "37[42]") {
        Some(Output::Answer { question: 70, args }) => assert_eq!(args.json(), "[42]"),
        other => panic!("{other:?}"),
    }
    assert_eq!(decisions(&mut machine), ["pause"], "now it owes nothing");
    // A question is out again: it is read on.
    assert!(machine.ask(key, 8, 80));
    assert_eq!(decisions(&mut machine), ["resume"]);
    machine.forget(key, 8);
    assert_eq!(decisions(&mut machine), ["pause"]);
    for cost in costs {
        machine.work_done(cost);
    }
    assert_eq!(decisions(&mut machine), ["resume"]);
}

#[test]
fn even_a_client_that_owes_an_answer_has_a_limit() {
    let now = Instant::now();
    let (mut machine, key) = joined(now, Limits::default());
    assert!(machine.ask(key, 7, 70));
    let big = format!(r#"2["data","{}"]"#, "x".repeat(100_000));
    let mut count = 0;
    while machine.handle_text(now, &big).is_some() {
        count += 1;
    }
    assert_eq!(count, (8 << 20) / (big.len() + EVENT_COST - 1));
    assert_eq!(decisions(&mut machine), ["close: too many events waiting"]);
    assert_eq!(machine.joined(), [0], "which can be told");
}

#[test]
fn an_answer_to_no_question_is_nothing() {
    let now = Instant::now();
    let (mut machine, key) = joined(now, Limits::default());
    let other = join(&mut machine, now, "0/other,", 1);
    assert!(machine.ask(key, 1, 10) && machine.ask(other, 2, 20));
    assert!(
        machine.handle_text(now, "32[]").is_none(),
        "asked elsewhere"
    );
    assert!(machine.handle_text(now, "31[]").is_some());
    assert!(machine.handle_text(now, "31[]").is_none(), "answered");
    assert!(matches!(
        machine.handle_text(now, "1/other,"),
        Some(Output::Left { from: 1 })
    ));
    assert!(!machine.ask(other, 3, 30), "it is gone");
    assert!(machine.questions.is_empty(), "and its questions with it");
    assert!(decisions(&mut machine).is_empty());
}

#[test]
fn an_attachment_is_in_one_place() {
    let now = Instant::now();
    let (mut machine, _) = joined(now, Limits::default());
    let place = r#"{"_placeholder":true,"num":0}"#;
    let twice = format!(r#"51-["photos",[{place},{place}]]"#);
    assert!(machine.handle_text(now, &twice).is_none());
    assert!(
        machine
            .handle_binary(now, Bytes::from_static(b"x"))
            .is_none()
    );
    assert_eq!(
        decisions(&mut machine),
        ["close: placeholders and attachments do not match"]
    );
}

#[test]
fn attachments_that_do_not_come_end_the_connection_in_time() {
    let now = Instant::now();
    let (mut machine, _) = joined(now, Limits::default());
    machine.handle_text(now, &photo(0));
    let late = now + Duration::from_secs(45);
    assert_eq!(machine.poll_timeout(), Some(late));
    machine.handle_timeout(late);
    assert_eq!(
        decisions(&mut machine),
        ["close: the attachments did not arrive in time"]
    );
    assert_eq!(machine.kept(), 0);
}

#[test]
fn a_timeout_past_the_end_of_time_is_none() {
    let rules = Rules {
        limits: Limits::default(),
        connect_timeout: Duration::MAX,
        parser: Parser::default(),
    };
    let mut machine = Machine::new(Instant::now(), Arc::new(rules));
    assert_eq!(machine.poll_timeout(), None);
    machine.handle_timeout(Instant::now());
    assert!(decisions(&mut machine).is_empty());
}

#[test]
fn what_serde_json_cannot_represent_does_not_end_a_connection() {
    let now = Instant::now();
    let (mut machine, _) = joined(now, Limits::default());
    let digits = "9".repeat(400);
    for packet in [
        r#"2["say","\ud83d"]"#,
        r#"2["\ud83d",1]"#,
        r#"2["say",1e400]"#,
        &format!(r#"2["say",{digits}]"#),
        "2[1e400]",
    ] {
        event(machine.handle_text(now, packet));
    }
    let binary = r#"51-["say","\ud83d",1e400,{"_placeholder":true,"num":0}]"#;
    machine.handle_text(now, binary);
    event(machine.handle_binary(now, Bytes::new()));
    let auth = machine.handle_text(now, r#"0/x,{"name":"\ud83d"}"#);
    assert!(matches!(auth, Some(Output::Ask { .. })));
    assert!(decisions(&mut machine).is_empty());
    machine.handle_text(now, r#"2["say",1e]"#);
    assert_eq!(decisions(&mut machine).len(), 1, "this is not JSON");
}

#[test]
fn auth_payloads_are_counted_together_and_given_back() {
    let now = Instant::now();
    let (mut machine, _) = joined(now, Limits::default());
    let auth = format!(r#"{{"x":"{}"}}"#, "x".repeat(10_000));
    let key = join(&mut machine, now, &format!("0/a,{auth}"), 1);
    assert_eq!(machine.kept(), auth.len());
    let refuse = "The auth payload is too large";
    for _ in 0..2 {
        match machine.handle_text(now, &format!("0/b,{auth}")) {
            Some(Output::Refuse { message, .. }) => assert_eq!(message, refuse),
            other => panic!("{other:?}"),
        }
    }
    machine.left(now, key);
    join(&mut machine, now, &format!("0/b,{auth}"), 2);
}

#[test]
fn a_verdict_on_a_request_that_was_given_up_is_not_one_on_the_next() {
    let now = Instant::now();
    let (mut machine, _) = joined(now, Limits::default());
    let first = asked(machine.handle_text(now, "0/slow,"));
    assert!(machine.admit(first, 1));
    assert!(matches!(
        machine.handle_text(now, "1/slow,"),
        Some(Output::Left { from: 1 })
    ));
    let second = asked(machine.handle_text(now, "0/slow,"));
    assert!(machine.admit(second, 2));
    assert!(!machine.refused(now, first, "/slow"), "not to be told");
    machine.accepted(first);
    assert_eq!(machine.joined(), [0]);
    machine.accepted(second);
    assert_eq!(machine.joined(), [0, 2]);
}

#[test]
fn packets_out_of_turn_end_the_connection_and_nothing_follows() {
    for packet in [
        "0",
        "hello",
        r#"2/other,["a"]"#,
        "1/other,",
        r#"4{"message":"x"}"#,
        r#"2["connect"]"#,
        "2[]",
        r#"0/slow,{"a":}"#,
        r#"2/slow,["too early"]"#,
        "3/slow,1[]",
    ] {
        let now = Instant::now();
        let (mut machine, key) = joined(now, Limits::default());
        let slow = asked(machine.handle_text(now, "0/slow,"));
        assert!(machine.admit(slow, 1));
        assert!(machine.handle_text(now, packet).is_none(), "{packet}");
        assert_eq!(machine.joined(), [0], "they are to be told");
        assert_eq!(decisions(&mut machine).len(), 1, "{packet}");
        assert!(machine.handle_text(now, r#"2["a"]"#).is_none());
        assert!(machine.handle_binary(now, Bytes::new()).is_none());
        machine.work_done(1);
        machine.left(now, key);
        assert!(decisions(&mut machine).is_empty());
        assert_eq!(machine.poll_timeout(), None);
        assert_eq!(machine.close(), [1], "those that were not told");
    }
}

/// What a client may do to a machine, in any order.
#[derive(Clone, Debug)]
enum Action {
    Text(String),
    Binary(usize),
    Verdict(bool),
    Handled,
    Asked,
    GivenUp,
    Wait(u64),
}

fn action() -> impl Strategy<Value = Action> {
    let packet = prop_oneof![
        "0(/[ab],)?(\\{\"a\":\"x{0,40}\"\\})?",
        "1(/[ab],)?",
        "2(/[ab],)?[0-9]?\\[\"x{0,50}\"\\]",
        "3(/[ab],)?[0-3]\\[\\]",
        "5[12]-(/[ab],)?\\[\"e\",\\{\"_placeholder\":true,\"num\":0\\}(,\\{\"_placeholder\":true,\"num\":1\\})?\\]",
        "2\\[\"(\\[\\],){0,20}\"\\]",
    ];
    prop_oneof![
        8 => packet.prop_map(Action::Text),
        2 => (0_usize..3000).prop_map(Action::Binary),
        3 => any::<bool>().prop_map(Action::Verdict),
        4 => Just(Action::Handled),
        1 => Just(Action::Asked),
        1 => Just(Action::GivenUp),
        1 => (0_u64..20_000).prop_map(Action::Wait),
        1 => ".{0,10}".prop_map(Action::Text),
    ]
}

proptest! {
    #[test]
    fn whatever_a_client_does_the_limits_hold_and_it_ends(
        actions in prop::collection::vec(action(), 0..120)
    ) {
        let limits = Limits {
            max_attachment_bytes: 4000,
            max_auth: 100,
            max_namespaces: 2,
            max_inbox: 5000,
            max_backlog: 20_000,
            ..Limits::default()
        };
        let most = limits.max_backlog + limits.max_auth + 4000 + 3000 + 200;
        let (mut now, mut handle) = (Instant::now(), 0);
        let mut machine = Machine::new(now, rules(limits));
        let (mut waiting, mut inbox, mut questions) =
            (Vec::<(Key, Arc<str>)>::new(), VecDeque::<Event>::new(), 0);
        let (mut seats, mut paused, mut ended) = (Vec::new(), false, false);
        for action in actions {
            let before = machine.has_ended();
            let output = match action {
                // A session that is paused delivers nothing.
                Action::Text(text) if !paused => machine.handle_text(now, &text),
                Action::Binary(size) if !paused => {
                    machine.handle_binary(now, Bytes::from(vec![0; size]))
                }
                Action::Verdict(yes) => {
                    if let Some((key, name)) = waiting.pop() {
                        handle += 1;
                        if yes && machine.admit(key, handle) {
                            machine.accepted(key);
                            seats.push(key);
                        } else {
                            machine.refused(now, key, &name);
                        }
                    }
                    None
                }
                Action::Handled => {
                    if let Some(Event { cost, .. }) = inbox.pop_front() {
                        machine.work_done(cost);
                    }
                    None
                }
                Action::Asked => {
                    if let Some(key) = seats.last() {
                        questions += 1;
                        machine.ask(*key, questions % 4, questions);
                    }
                    None
                }
                Action::GivenUp => {
                    if let Some(key) = seats.last() {
                        machine.forget(*key, questions % 4);
                    }
                    None
                }
                Action::Wait(millis) => {
                    now += Duration::from_millis(millis);
                    if machine.poll_timeout().is_some_and(|at| at <= now) {
                        machine.handle_timeout(now);
                        prop_assert!(machine.has_ended(), "a deadline means something");
                    }
                    None
                }
                Action::Text(_) | Action::Binary(_) => None,
            };
            prop_assert!(!before || output.is_none(), "nothing after the end");
            match output {
                Some(Output::Ask { key, name, .. }) => waiting.push((key, name)),
                Some(Output::Event { event, .. }) => inbox.push_back(event),
                _ => {}
            }
            while let Some(decision) = machine.poll() {
                prop_assert!(!ended, "the end is the last decision");
                match decision {
                    Decision::Pause => {
                        prop_assert!(!paused && machine.questions.is_empty());
                        paused = true;
                    }
                    Decision::Resume => {
                        prop_assert!(paused);
                        paused = false;
                    }
                    Decision::Close(_) => ended = true,
                }
            }
            let counted: usize = inbox.iter().map(|event| event.cost).sum();
            prop_assert_eq!(machine.kept, counted);
            prop_assert!(machine.kept() <= most, "{} bytes", machine.kept());
            prop_assert!(ended || paused || machine.kept <= limits.max_inbox
                || !machine.questions.is_empty());
        }
        // When everything is handled and nothing more comes, it is read again, or ends.
        for event in inbox {
            machine.work_done(event.cost);
        }
        while machine.poll().is_some() {}
        prop_assert!(machine.has_ended() || !machine.paused);
        machine.close();
        prop_assert!(machine.has_ended() && machine.poll().is_none());
    }
}

/// What hostile clients make a connection keep, counted by the allocator.
#[test]
fn what_is_counted_is_what_is_kept() {
    let now = Instant::now();
    let list = format!(r#"2["say",[{}[]]]"#, "[],".repeat(20_000));
    let place = |num| format!(r#"{{"_placeholder":true,"num":{num}}}"#);
    let places: Vec<String> = (0..10).map(place).collect();
    let ten = format!(r#"510-["say",{}]"#, places.join(","));
    let shapes: [(&str, &str, usize, usize); 4] = [
        ("tiny events", r#"2[""]"#, 0, 0),
        ("a tree of lists", &list, 0, 0),
        ("empty attachments", &ten, 10, 0),
        ("attachments", &ten, 10, 1000),
    ];
    for (shape, packet, attachments, size) in shapes {
        let limits = Limits {
            max_backlog: 1 << 20,
            ..Limits::default()
        };
        let (mut machine, key) = joined(now, limits);
        assert!(machine.ask(key, 0, 0), "so that it is not paused");
        let mut inbox = VecDeque::new();
        let info = allocation_counter::measure(|| {
            'fill: while !machine.has_ended() {
                let mut output = machine.handle_text(now, packet);
                for _ in 0..attachments {
                    if machine.has_ended() {
                        break 'fill;
                    }
                    output = machine.handle_binary(now, Bytes::from(vec![0; size]));
                }
                if let Some(Output::Event { event, .. }) = output {
                    inbox.push_back(event);
                }
            }
        });
        let kept = usize::try_from(info.bytes_current).unwrap();
        assert!(
            kept <= 1 << 20,
            "{shape}: {kept} bytes are kept, {} counted",
            machine.kept()
        );
        assert!(
            kept >= 1 << 16,
            "{shape}: {kept} bytes, which tests nothing"
        );
    }
    let mut machine = Machine::new(now, rules(Limits::default()));
    let info = allocation_counter::measure(|| {
        for number in 0..200 {
            let auth = format!(r#"{{"a":[{}[]]}}"#, "[],".repeat(30));
            machine.handle_text(now, &format!("0/namespace-{number},{auth}"));
        }
    });
    assert!(info.bytes_current < 40_000, "auth: {info:?}");
}
