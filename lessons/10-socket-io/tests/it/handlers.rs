//! Handlers: several for one event, once, removed, with an acknowledgement in hand,
//! behind middleware, and those that listen to everything.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use socket_io::{
    Ack, Answers, Args, Binary, Config, DisconnectReason, Event, HandlerId, Io, Limits,
    Recovery, Socket,
};
use tokio::sync::mpsc;

use crate::support::{Client, calm, serve, soon, until};

/// A list of events in the test's program, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, entry: impl Into<String>) {
        self.0.lock().unwrap().push(entry.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A client that has joined `/`, and its socket.
async fn join(io: &Io) -> (Client, Socket) {
    let client = Client::new(serve(io).await).await;
    let socket = io.namespace("/").unwrap().sockets().remove(0);
    (client, socket)
}

/// Sends an event with the number 9, and returns what comes back under it.
async fn ask(client: &mut Client, event: &str) -> String {
    client.send(&format!("29{event}")).await;
    let answer = client.packet().await;
    let answer = answer.strip_prefix("39");
    answer.unwrap_or_else(|| panic!("no answer")).to_owned()
}

/// Waits until the events that were sent before have been handled.
async fn handled(client: &mut Client, socket: &Socket) {
    socket.on("handled", async |_: Socket| true);
    assert_eq!(ask(client, r#"["handled"]"#).await, "[true]");
    socket.off_all("handled");
}

#[tokio::test]
async fn async_closures_may_capture_what_can_be_cloned() {
    let log = Log::default();
    let (ends, mut ended) = mpsc::unbounded_channel();
    let io = Io::new(calm());
    let (state, door) = (log.clone(), log.clone());
    let main = io.of("/", move |socket| {
        let log = state.clone();
        socket.middleware(async move |_: Socket, event: Event| {
            log.add("middleware");
            Ok::<_, String>(event)
        });
        let log = state.clone();
        socket.on_any(async move |_, event, _| log.add(format!("any {event}")));
        let log = state.clone();
        socket.on("event", async move |_: Socket, text: String| {
            log.add(format!("on {text}"));
            tokio::task::yield_now().await;
            log.add("after a wait");
        });
        let log = state.clone();
        socket.once("event", async move |_: Socket| log.add("once"));
        let log = state.clone();
        socket.on("event", async move |_: Socket, text: Args, ack: Ack| {
            log.add(format!("ack {}", text.json()));
            ack.send("answer");
        });
        let (log, leaving) = (state.clone(), ends.clone());
        socket.on_disconnecting(async move |_, _| {
            log.add("disconnecting");
            leaving.send(()).unwrap();
        });
        let (log, left) = (state.clone(), ends.clone());
        socket.on_disconnect(async move |_, reason| {
            log.add(reason.to_string());
            left.send(()).unwrap();
        });
    });
    main.middleware(async move |_| {
        door.add("connects");
        Ok(())
    });
    let (mut client, _) = join(&io).await;
    assert_eq!(ask(&mut client, r#"["event","x"]"#).await, r#"["answer"]"#);
    client.send("1").await;
    soon("the first end", ended.recv()).await.unwrap();
    soon("the second end", ended.recv()).await.unwrap();
    assert_eq!(
        log.take(),
        [
            "connects",
            "middleware",
            "any event",
            "on x",
            "after a wait",
            "once",
            r#"ack ["x"]"#,
            "disconnecting",
            "client namespace disconnect",
        ]
    );
}

#[tokio::test]
async fn several_handlers_are_called_in_their_order_and_the_first_answer_counts() {
    let log = Log::default();
    let io = Io::new(calm());
    let (mut client, socket) = join(&io).await;
    for (number, answer) in [(1, None), (2, Some("two")), (3, Some("three"))] {
        let log = log.clone();
        socket.on("event", async move |_: Socket, args: Args| {
            log.add(format!("{number} {}", args.json()));
            match answer {
                Some(answer) => Args::build(|args| args.push(answer)),
                None => Args::build(|_| Ok(())),
            }
        });
    }
    assert_eq!(ask(&mut client, r#"["event",7]"#).await, r#"["two"]"#);
    // A second answer would come before this one.
    handled(&mut client, &socket).await;
    assert_eq!(log.take(), ["1 [7]", "2 [7]", "3 [7]"]);

    socket.on("nothing", async |_: Socket| ());
    socket.on("nothing", async |_: Socket| ());
    assert_eq!(ask(&mut client, r#"["nothing"]"#).await, "[]");
}

#[tokio::test]
async fn a_failure_is_answered_only_if_no_other_handler_answers() {
    let io = Io::new(calm());
    let (mut client, socket) = join(&io).await;
    socket.on("event", async |_: Socket, _: u8| ());
    socket.on("event", async |_: Socket| assert_eq!(1, 2, "on purpose"));
    let text = socket.on("event", async |_: Socket, text: String| text);
    assert_eq!(ask(&mut client, r#"["event","x"]"#).await, r#"["x"]"#);
    assert_eq!(
        ask(&mut client, r#"["event",7]"#).await,
        r#"[false,"internal error"]"#,
        "the first failure"
    );
    socket.off(text);
    let answer = ask(&mut client, r#"["event","x"]"#).await;
    assert!(
        answer.starts_with(r#"[false,"invalid arguments: "#),
        "{answer}"
    );
}

#[tokio::test]
async fn a_handler_for_once_is_called_for_the_first_event_that_fits() {
    let log = Log::default();
    let io = Io::new(calm());
    let (mut client, socket) = join(&io).await;
    let (once, always) = (log.clone(), log.clone());
    socket.once("number", async move |socket: Socket, number: u8| {
        once.add(format!("once {number}"));
        if number == 1 {
            let again = once.clone();
            socket.once("number", async move |_: Socket, number: u8| {
                again.add(format!("again {number}"));
            });
        }
        true
    });
    let answer = ask(&mut client, r#"["number","one"]"#).await;
    assert!(answer.starts_with("[false"), "{answer}");
    socket.on("number", async move |_: Socket, number: u8| {
        always.add(format!("always {number}"));
    });
    for number in 1..4 {
        client.send(&format!(r#"2["number",{number}]"#)).await;
    }
    handled(&mut client, &socket).await;
    assert_eq!(
        log.take(),
        ["once 1", "always 1", "always 2", "again 2", "always 3"]
    );
}

#[tokio::test]
async fn a_handler_for_once_that_is_removed_is_not_called() {
    let io = Io::new(calm());
    let (mut client, socket) = join(&io).await;
    let id = socket.once("event", async |_: Socket| "called");
    socket.on("event", async |_: Socket| "the other");
    assert!(socket.off(id) && !socket.off(id));
    assert_eq!(ask(&mut client, r#"["event"]"#).await, r#"["the other"]"#);
    let id = socket.once("event", async |_: Socket| ());
    assert_eq!(ask(&mut client, r#"["event"]"#).await, r#"["the other"]"#);
    assert!(!socket.off(id), "it has removed itself");
}

#[tokio::test]
async fn handlers_that_change_while_an_event_is_handled_change_for_the_next_one() {
    let log = Log::default();
    let io = Io::new(calm());
    let (mut client, socket) = join(&io).await;
    let second = Arc::new(Mutex::new(None::<HandlerId>));
    let (first, target) = (log.clone(), second.clone());
    socket.on("event", async move |socket: Socket| {
        first.add("first");
        let removed = target.lock().unwrap().take();
        if let Some(second) = removed {
            assert!(socket.off(second));
            let third = first.clone();
            socket.on("event", async move |_: Socket| third.add("third"));
        }
    });
    let id = {
        let log = log.clone();
        socket.on("event", async move |_: Socket| log.add("second"))
    };
    *second.lock().unwrap() = Some(id);
    assert_eq!(ask(&mut client, r#"["event"]"#).await, "[]");
    assert_eq!(log.take(), ["first", "second"]);
    assert_eq!(ask(&mut client, r#"["event"]"#).await, "[]");
    assert_eq!(log.take(), ["first", "third"]);
    socket.off_all("event");
    handled(&mut client, &socket).await;
    client.send(r#"2["event"]"#).await;
    handled(&mut client, &socket).await;
    assert!(log.take().is_empty());
}

#[tokio::test]
async fn an_id_of_another_socket_removes_nothing() {
    let io = Io::new(calm());
    let address = serve(&io).await;
    let mut client = Client::new(address).await;
    let _other = Client::new(address).await;
    let sockets = io.namespace("/").unwrap().sockets();
    let ids: Vec<_> = sockets
        .iter()
        .map(|socket| socket.on("event", async |_: Socket| true))
        .collect();
    assert!(!sockets[0].off(ids[1]) && !sockets[1].off(ids[0]));
    assert_eq!(ask(&mut client, r#"["event"]"#).await, "[true]");
    assert!(sockets[0].off(ids[0]) && sockets[1].off(ids[1]));
}

#[tokio::test]
async fn what_a_removed_handler_captured_is_dropped() {
    let io = Io::new(calm());
    let (_client, socket) = join(&io).await;
    let captured = Arc::new(());
    let capture = || {
        let captured = captured.clone();
        async move |_: Socket| drop(captured)
    };
    let id = socket.on("event", capture());
    socket.on("other", capture());
    let any = {
        let captured = captured.clone();
        socket.on_any_outgoing(move |_, _| drop(captured.clone()))
    };
    assert_eq!(Arc::strong_count(&captured), 4);
    socket.off(id);
    socket.off_all("other");
    socket.off(any);
    assert_eq!(Arc::strong_count(&captured), 1);
}

#[tokio::test]
async fn catch_all_handlers_can_be_prepended_and_removed() {
    let log = Log::default();
    let io = Io::new(calm());
    let (mut client, socket) = join(&io).await;
    let entry = |text: &'static str| {
        let log = log.clone();
        async move |_: Socket, _: String, _: Args| log.add(text)
    };
    let second = socket.on_any(entry("second"));
    socket.on_any(entry("third"));
    socket.prepend_any(entry("first"));
    socket.on("event", async |_: Socket| true);
    assert_eq!(ask(&mut client, r#"["event"]"#).await, "[true]");
    assert_eq!(log.take(), ["first", "second", "third"]);
    assert!(socket.off(second));
    assert_eq!(ask(&mut client, r#"["event"]"#).await, "[true]");
    assert_eq!(log.take(), ["first", "third"]);
}

#[tokio::test]
async fn middleware_comes_first_and_may_change_an_event() {
    let log = Log::default();
    let io = Io::new(calm());
    let (mut client, socket) = join(&io).await;
    let (first, second, any) = (log.clone(), log.clone(), log.clone());
    socket.on_any(async move |_, event, args| {
        any.add(format!("any {event}{}", args.json()));
    });
    socket.middleware(async move |_, event| {
        tokio::task::yield_now().await;
        first.add(format!("first {}{}", event.name, event.args.json()));
        let args = Args::build(|args| {
            args.push(&event.name)?;
            args.push(&event.args.decode::<String>()?)
        });
        args.map(|args| Event {
            name: "wrap".into(),
            args,
        })
    });
    socket.middleware(async move |_, event| {
        second.add(format!("second {}{}", event.name, event.args.json()));
        Ok::<_, String>(event)
    });
    socket.on("join", async |_: Socket| "not this one");
    socket.on("wrap", async |_: Socket, name: String, room: String| {
        (name, room)
    });
    assert_eq!(
        ask(&mut client, r#"["join","woot"]"#).await,
        r#"["join","woot"]"#
    );
    assert_eq!(
        log.take(),
        [
            r#"first join["woot"]"#,
            r#"second wrap["join","woot"]"#,
            r#"any wrap["join","woot"]"#
        ]
    );
    let answer = ask(&mut client, r#"["join"]"#).await;
    assert!(answer.starts_with("[false,\"argument 1"), "{answer}");
}

#[tokio::test]
async fn an_event_that_middleware_refuses_goes_no_further_and_its_reason_is_the_answer() {
    let log = Log::default();
    let io = Io::new(calm());
    let (mut client, socket) = join(&io).await;
    let (any, own) = (log.clone(), log.clone());
    socket.on_any(async move |_, _, _| any.add("any"));
    socket.on("join", async move |_: Socket| own.add("own"));
    let guard = socket.middleware(async |_, event| match &*event.name {
        "join" => Err("Authentication error"),
        "panic" => panic!("on purpose"),
        _ => Ok(event),
    });
    let later = log.clone();
    socket.middleware(async move |_, event| {
        later.add("later middleware");
        Ok::<_, String>(event)
    });
    assert_eq!(
        ask(&mut client, r#"["join"]"#).await,
        r#"[false,"Authentication error"]"#
    );
    assert_eq!(
        ask(&mut client, r#"["panic"]"#).await,
        r#"[false,"internal error"]"#
    );
    client.send(r#"2["join"]"#).await;
    client.send(r#"2["panic"]"#).await;
    handled(&mut client, &socket).await;
    assert_eq!(log.take(), ["later middleware", "any"]);
    assert!(socket.off(guard));
    assert_eq!(ask(&mut client, r#"["join"]"#).await, "[]");
}

#[tokio::test]
async fn middleware_sees_events_that_have_no_handler_and_bytes_pass_through_it() {
    let io = Io::new(calm());
    let (mut client, socket) = join(&io).await;
    let guard = socket.middleware(async |_, event| {
        if event.name == "other" {
            Err("no such event")
        } else {
            Ok(event)
        }
    });
    assert_eq!(
        ask(&mut client, r#"["other"]"#).await,
        r#"[false,"no such event"]"#
    );
    socket.on("photo", async |_: Socket, photo: Binary| photo);
    for _ in 0..2 {
        client
            .send(r#"51-9["photo",{"_placeholder":true,"num":0}]"#)
            .await;
        client.send_binary(b"tea").await;
        assert_eq!(
            client.packet().await,
            r#"61-9[{"_placeholder":true,"num":0}]"#
        );
        assert_eq!(client.binary().await, b"tea");
        socket.off(guard);
    }
}

#[tokio::test]
async fn an_acknowledgement_can_be_declined_delayed_or_handed_on() {
    let (sender, mut kept) = mpsc::unbounded_channel();
    let io = Io::new(calm());
    let (mut client, socket) = join(&io).await;
    socket.on("decline", async |_: Socket, ack: Ack| drop(ack));
    socket.on("wanted", async |socket: Socket, ack: Ack| {
        socket.emit("wanted", ack.is_wanted());
        ack.send(true);
    });
    socket.on(
        "keep",
        async move |_: Socket, what: String, more: Option<u8>, ack: Ack| {
            sender.send((what, more, ack)).unwrap();
        },
    );
    client.send(r#"21["decline"]"#).await;
    client.send(r#"22["keep","x"]"#).await;
    client.send(r#"23["keep","y",7]"#).await;
    handled(&mut client, &socket).await;
    let (_, none, first) = soon("the first", kept.recv()).await.unwrap();
    let (_, some, second) = soon("the second", kept.recv()).await.unwrap();
    assert_eq!((none, some), (None, Some(7)));
    second.send(("second", Binary::from("tea")));
    assert_eq!(
        client.packet().await,
        r#"61-3["second",{"_placeholder":true,"num":0}]"#
    );
    assert_eq!(client.binary().await, b"tea");
    first.send(());
    assert_eq!(client.packet().await, "32[]");
    client.send(r#"2["wanted"]"#).await;
    assert_eq!(client.packet().await, r#"2["wanted",false]"#);
    client.send(r#"24["wanted"]"#).await;
    assert_eq!(client.packet().await, r#"2["wanted",true]"#);
    assert_eq!(client.packet().await, "34[true]");
}

#[tokio::test]
async fn a_catch_all_can_answer() {
    let io = Io::new(calm());
    let (mut client, socket) = join(&io).await;
    socket.on_any_with_ack(async |_, event, args, ack| {
        if event == "any" {
            ack.send((event, args.json()));
        }
    });
    socket.on("own", async |_: Socket| "its own");
    socket.on("empty", async |_: Socket| ());
    assert_eq!(ask(&mut client, r#"["empty"]"#).await, "[]");
    assert_eq!(ask(&mut client, r#"["any",1]"#).await, r#"["any","[1]"]"#);
    assert_eq!(ask(&mut client, r#"["own"]"#).await, r#"["its own"]"#);
    client.send(r#"2["nobody asks"]"#).await;
    handled(&mut client, &socket).await;
}

#[tokio::test]
async fn an_event_is_answered_once_whoever_answers_first() {
    let (sender, mut kept) = mpsc::unbounded_channel();
    let io = Io::new(calm());
    let (mut client, socket) = join(&io).await;
    let keep = async move |_: Socket, ack: Ack| sender.send(ack).unwrap();
    // Nothing is returned: the acknowledgement is left to the first.
    socket.on("later", keep.clone());
    socket.on("later", async |_: Socket| ());
    client.send(r#"21["later"]"#).await;
    handled(&mut client, &socket).await;
    soon("it", kept.recv()).await.unwrap().send("later");
    assert_eq!(client.packet().await, r#"31["later"]"#);
    // A value is returned: it is the answer.
    socket.on("now", keep.clone());
    socket.on("now", async |_: Socket| "now");
    socket.on("now", keep.clone());
    assert_eq!(ask(&mut client, r#"["now"]"#).await, r#"["now"]"#);
    soon("it", kept.recv()).await.unwrap().send("too late");
    let unasked = soon("another", kept.recv()).await.unwrap();
    assert!(!unasked.is_wanted());
    unasked.send("too late");
    handled(&mut client, &socket).await;
    // Two that are handed on.
    socket.on("twice", keep.clone());
    socket.on("twice", keep);
    client.send(r#"21["twice"]"#).await;
    handled(&mut client, &socket).await;
    let first = soon("it", kept.recv()).await.unwrap();
    soon("another", kept.recv()).await.unwrap().send("second");
    first.send("first");
    assert_eq!(client.packet().await, r#"31["second"]"#);
    handled(&mut client, &socket).await;
    // One handler declines, and the other one returns nothing.
    socket.on("declined", async |_: Socket, ack: Ack| drop(ack));
    socket.on("declined", async |_: Socket| ());
    client.send(r#"21["declined"]"#).await;
    handled(&mut client, &socket).await;
}

#[tokio::test]
async fn a_handler_that_panics_with_the_acknowledgement_in_hand_has_failed() {
    let (sender, mut kept) = mpsc::unbounded_channel();
    let io = Io::new(calm());
    let (mut client, socket) = join(&io).await;
    socket.on("in hand", async |_: Socket, _ack: Ack| panic!("on purpose"));
    socket.on("handed on", async move |_: Socket, ack: Ack| {
        sender.send(ack).unwrap();
        panic!("on purpose");
    });
    assert_eq!(
        ask(&mut client, r#"["in hand"]"#).await,
        r#"[false,"internal error"]"#
    );
    client.send(r#"21["handed on"]"#).await;
    handled(&mut client, &socket).await;
    soon("it", kept.recv()).await.unwrap().send("all is well");
    assert_eq!(client.packet().await, r#"31["all is well"]"#);
    // An answer that JSON cannot express.
    socket.on("map", async |_: Socket, ack: Ack| {
        let strange = std::collections::BTreeMap::from([((1, 2), 3)]);
        ack.send((strange,));
    });
    assert_eq!(
        ask(&mut client, r#"["map"]"#).await,
        r#"[false,"the answer cannot be sent"]"#
    );
}

/// An acknowledgement that is kept is memory that a client makes the server keep.
#[tokio::test]
async fn acknowledgements_that_are_kept_count_until_they_are_gone() {
    /// The bytes that one counts for.
    const COST: usize = 512;
    const KEPT: usize = 10;

    let limits = Limits {
        max_inbox: KEPT * COST + 100,
        ..Limits::default()
    };
    let io = Io::new(Config { limits, ..calm() });
    let (mut client, socket) = join(&io).await;
    let (sender, mut kept) = mpsc::unbounded_channel();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    socket.on("keep", async move |_: Socket, ack: Ack| {
        counter.fetch_add(1, Ordering::SeqCst);
        sender.send(ack).unwrap();
    });
    for round in 0..3 {
        count.store(0, Ordering::SeqCst);
        for number in 0..=KEPT {
            client.send(&format!(r#"2{number}["keep"]"#)).await;
            until("an event", || count.load(Ordering::SeqCst) > number).await;
        }
        // The last one was over the limit: the client is not read.
        client.send(r#"298["keep"]"#).await;
        client.send(r#"299["keep"]"#).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(count.load(Ordering::SeqCst), KEPT + 1, "round {round}");
        for number in 0..=KEPT {
            let ack = soon("an ack", kept.recv()).await.unwrap();
            if number % 2 == 0 {
                ack.send(number);
                assert_eq!(client.packet().await, format!("3{number}[{number}]"));
            }
        }
        for _ in 0..2 {
            drop(soon("an ack after the pause", kept.recv()).await.unwrap());
        }
    }
}

#[tokio::test]
async fn listeners_hear_each_event_that_is_sent_to_their_socket_once() {
    for recovery in [None, Some(Recovery::default())] {
        let log = Log::default();
        let io = Io::new(Config { recovery, ..calm() });
        let (mut client, socket) = join(&io).await;
        let main = io.namespace("/").unwrap();
        let listener = |who: &'static str| {
            let log = log.clone();
            move |event: &str, args: &Args| {
                let bytes: usize = args
                    .attachments()
                    .iter()
                    .map(|bytes| bytes.as_ref().len())
                    .sum();
                log.add(format!("{who} {event}{} {bytes}", args.json()));
            }
        };
        let second = socket.on_any_outgoing(listener("second"));
        socket.prepend_any_outgoing(listener("first"));
        socket.join("room").unwrap();
        socket.emit("one", "to it");
        let expected = [r#"first one["to it"] 0"#, r#"second one["to it"] 0"#];
        assert_eq!(log.take(), expected);
        assert!(socket.off(second));
        socket.emit("bytes", (1, Binary::from("tea")));
        main.emit("all", ("a", ["\",\"x"]));
        main.to("room").emit("room", ());
        main.to("room").emit("room bytes", Binary::from("coffee"));
        main.except("room").emit("not to it", ());
        socket.emit_volatile("volatile", ());
        drop(socket.emit_with_ack::<()>("question", 7));
        let asking = main.timeout(Duration::from_millis(1));
        let answers: Answers<()> = asking.emit_with_ack("questions", 8).await;
        assert_eq!(answers.missing, 1);
        socket.on("asks", async |_: Socket| "an answer");
        client.send(r#"29["asks"]"#).await;
        while !client.frame().await.is_some_and(|frame| {
            frame
                .to_text()
                .is_ok_and(|text| text == r#"439["an answer"]"#)
        }) {}
        let bytes = r#"{"_placeholder":true,"num":0}"#;
        assert_eq!(
            log.take(),
            [
                format!("first bytes[1,{bytes}] 3"),
                r#"first all["a",["\",\"x"]] 0"#.into(),
                "first room[] 0".into(),
                format!("first room bytes[{bytes}] 6"),
                "first volatile[] 0".into(),
                "first question[7] 0".into(),
                "first questions[8] 0".into(),
            ]
        );
    }
}

#[tokio::test]
async fn a_listener_may_send_and_may_panic() {
    let io = Io::new(Config {
        recovery: Some(Recovery::default()),
        ..calm()
    });
    let (mut client, socket) = join(&io).await;
    let copy = socket.clone();
    socket.on_any_outgoing(move |event, _| {
        copy.emit("copy", event);
        copy.namespace().emit("copy for all", event);
    });
    socket.on_any_outgoing(|_, _| panic!("on purpose"));
    for _ in 0..2 {
        socket.emit("event", ());
        for expected in [
            r#"2["copy","event""#,
            r#"2["copy for all","event""#,
            "2[\"event\"",
        ] {
            let packet = client.packet().await;
            assert!(packet.starts_with(expected), "{packet}");
        }
    }
}

#[tokio::test]
async fn a_socket_that_leaves_knows_its_rooms_until_it_has_said_goodbye() {
    let (sender, mut log) = mpsc::unbounded_channel();
    let io = Io::new(calm());
    io.of("/", move |socket| {
        socket.join("tea").unwrap();
        socket.join("cake").unwrap();
        let rooms = |socket: &Socket| {
            let mut rooms = socket.rooms();
            rooms.sort();
            rooms.join(" ")
        };
        let (said, leaving, left) = (sender.clone(), sender.clone(), sender.clone());
        socket.on("said", async move |socket: Socket| {
            until("it to leave", || !socket.connected()).await;
            said.send(format!("said in {}", rooms(&socket))).unwrap();
        });
        socket.on_disconnect(async move |socket, reason: DisconnectReason| {
            left.send(format!("left {} {reason}", rooms(&socket)))
                .unwrap();
        });
        socket.on_disconnecting(async move |socket, _| {
            let members = socket.namespace().to("tea").sockets().len();
            leaving
                .send(format!("leaving {} {members}", rooms(&socket)))
                .unwrap();
        });
        socket.on_disconnecting(async |_, _| panic!("on purpose"));
    });
    let (mut client, _) = join(&io).await;
    client.send(r#"2["said"]"#).await;
    client.send("1").await;
    for expected in [
        "said in cake tea",
        "leaving cake tea 0",
        "left  client namespace disconnect",
    ] {
        assert_eq!(soon("the log", log.recv()).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn a_panic_when_a_disconnect_handler_is_dropped_is_its_own() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("on purpose");
        }
    }
    let (sender, mut called) = mpsc::unbounded_channel();
    let io = Io::new(calm());
    let (client, socket) = join(&io).await;
    let bomb = Arc::new(Bomb);
    socket.on_disconnect(async move |_, _| drop(bomb));
    socket.on_disconnect(async move |_, _| sender.send(()).unwrap());
    client.vanish();
    soon("the second handler", called.recv()).await.unwrap();
}

#[tokio::test]
async fn a_handler_that_comes_after_the_end_is_dropped() {
    let io = Io::new(calm());
    let (mut client, socket) = join(&io).await;
    client.send("1").await;
    until("it to leave", || !socket.connected()).await;
    let captured = Arc::new(());
    let capture = captured.clone();
    until("its handlers to go", || {
        let capture = capture.clone();
        let id = socket.on("event", async move |_: Socket| drop(capture));
        !socket.off(id)
    })
    .await;
    drop(capture);
    assert_eq!(Arc::strong_count(&captured), 1);
}

#[tokio::test]
async fn arguments_are_built_as_the_program_runs_with_bytes_anywhere() {
    let io = Io::new(calm());
    let (mut client, socket) = join(&io).await;
    let names = ["cat", "dog"];
    let args = Args::build(|args| {
        for name in names {
            let bytes = args.attach(name.to_uppercase());
            args.push(&json!({ "name": name, "photo": [bytes] }))?;
        }
        args.push(&Binary::from("last"))
    })
    .unwrap();
    assert_eq!(args.attachments(), ["CAT", "DOG", "last"]);
    socket.emit("photos", &args);
    let placeholder = |num| format!(r#"{{"_placeholder":true,"num":{num}}}"#);
    assert_eq!(
        client.packet().await,
        format!(
            r#"53-["photos",{{"name":"cat","photo":[{}]}},{{"name":"dog","photo":[{}]}},{}]"#,
            placeholder(0),
            placeholder(1),
            placeholder(2)
        )
    );
    for bytes in ["CAT", "DOG", "last"] {
        assert_eq!(client.binary().await, bytes.as_bytes());
    }
    // As an answer, and empty.
    assert_eq!(Args::build(|_| Ok(())).unwrap(), Args::default());
    socket.on("all", async |_: Socket, args: Args| args);
    assert_eq!(ask(&mut client, r#"["all",1,[2]]"#).await, "[1,[2]]");
    for (twice, what) in [(true, "twice"), (false, "nowhere")] {
        let built = Args::build(|args| {
            let bytes = args.attach("x");
            args.push(&if twice {
                json!([bytes, bytes])
            } else {
                json!(1)
            })
        });
        assert!(built.is_err(), "bytes that are {what}");
    }
}
