//! Events, acknowledgements, rooms and broadcasts, over real connections.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use socket_io::{
    AckError, Args, Binary, Config, DisconnectReason, Io, JoinError, Limits, Room, Socket,
};
use tokio::sync::{Notify, mpsc};

use crate::support::{Client, calm, serve, soon, until};

#[derive(Deserialize, Serialize)]
struct Photo {
    name: String,
    parts: Vec<Binary>,
}

#[tokio::test]
async fn what_a_handler_returns_is_the_acknowledgement() {
    let io = Io::new(calm());
    io.of("/", |socket| {
        socket.on("pair", async |_: Socket, a: u8, b: Option<String>| {
            (true, a, b)
        });
        socket.on("nothing", async |_: Socket| ());
        socket.on("fails", async |_: Socket| Err::<bool, _>("no such room"));
        socket.on("photo", async |_: Socket, photo: Photo| (photo,));
        socket.on("all", async |_: Socket, args: Args| args);
    });
    let mut client = Client::new(serve(&io).await).await;
    for (packet, answer) in [
        (r#"21["pair",7,"x"]"#, r#"31[true,7,"x"]"#),
        (r#"22["pair",7]"#, "32[true,7,null]"),
        (r#"23["pair",7,"x",{"more":1}]"#, r#"33[true,7,"x"]"#),
        (r#"24["nothing"]"#, "34[]"),
        (r#"25["fails"]"#, r#"35[false,"no such room"]"#),
        (
            r#"218446744073709551615["all",1,[2]]"#,
            "318446744073709551615[1,[2]]",
        ),
    ] {
        client.send(packet).await;
        assert_eq!(client.packet().await, answer, "{packet}");
    }
    client.send(r#"52-9["photo",{"name":"n","parts":[{"_placeholder":true,"num":1},{"num":0,"_placeholder":true}]}]"#).await;
    client.send_binary(b"zero").await;
    client.send_binary(b"").await;
    let expected = r#"62-9[{"name":"n","parts":[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]}]"#;
    assert_eq!(client.packet().await, expected);
    assert_eq!(
        (client.binary().await, client.binary().await),
        (b"".to_vec(), b"zero".to_vec())
    );
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_answered_and_harm_nobody() {
    let io = Io::new(calm());
    io.of("/", |socket| {
        socket.on("number", async |_: Socket, number: u8| number);
        socket.on("panics", async |_: Socket| -> bool { panic!("on purpose") });
    });
    let mut client = Client::new(serve(&io).await).await;
    for packet in [
        r#"21["number","seven"]"#,
        r#"21["number"]"#,
        r#"21["number",256]"#,
        r#"21["number",null]"#,
    ] {
        client.send(packet).await;
        let answer = client.packet().await;
        assert!(
            answer.starts_with(r#"31[false,"invalid arguments: "#),
            "{packet}: {answer}"
        );
    }
    client.send(r#"2["number","seven"]"#).await;
    client.send(r#"22["panics"]"#).await;
    assert_eq!(client.packet().await, r#"32[false,"internal error"]"#);
    client.send(r#"2["nobody listens",[1,2]]"#).await;
    client.send(r#"23["number",7]"#).await;
    assert_eq!(client.packet().await, "33[7]");
}

#[tokio::test]
async fn events_of_one_socket_keep_their_order_however_long_each_takes() {
    let io = Io::new(calm());
    let gate = Arc::new(Notify::new());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (handler_gate, handler_seen) = (gate.clone(), seen.clone());
    io.of("/", move |socket| {
        let (gate, seen) = (handler_gate.clone(), handler_seen.clone());
        socket.on("number", move |socket: Socket, number: usize| {
            let (gate, seen) = (gate.clone(), seen.clone());
            async move {
                if number.is_multiple_of(10) {
                    socket.emit("waiting", number);
                    gate.notified().await;
                }
                seen.lock().unwrap().push(number);
                number
            }
        });
    });
    let mut client = Client::new(serve(&io).await).await;
    for number in 0..100 {
        client
            .send(&format!(r#"2{number}["number",{number}]"#))
            .await;
    }
    let mut acked: Vec<usize> = Vec::new();
    while acked.len() < 100 {
        let packet = client.packet().await;
        if packet.starts_with(r#"2["waiting""#) {
            gate.notify_one();
        } else {
            acked.push(
                packet
                    .split('[')
                    .nth(1)
                    .unwrap()
                    .trim_end_matches(']')
                    .parse()
                    .unwrap(),
            );
        }
    }
    let all: Vec<usize> = (0..100).collect();
    assert_eq!(acked, all);
    assert_eq!(*seen.lock().unwrap(), all);
}

/// A handler that is a plain function does its work before it returns a future: that too
/// has its turn.
#[tokio::test]
async fn a_handler_is_called_when_its_turn_has_come() {
    let io = Io::new(calm());
    let gate = Arc::new(Notify::new());
    let handler_gate = gate.clone();
    let log = Arc::new(Mutex::new(Vec::new()));
    let handler_log = log.clone();
    io.of("/", move |socket| {
        let (gate, log) = (handler_gate.clone(), handler_log.clone());
        socket.on("event", move |socket: Socket, number: u8| {
            let (gate, log) = (gate.clone(), log.clone());
            log.lock().unwrap().push(format!("{number} begins"));
            async move {
                if number == 1 {
                    // The events behind it have been read when its own question is
                    // answered.
                    socket.emit_with_ack::<()>("ready?", ()).await.unwrap();
                    gate.notified().await;
                }
                log.lock().unwrap().push(format!("{number} ends"));
            }
        });
    });
    let mut client = Client::new(serve(&io).await).await;
    client.send(r#"21["event",1]"#).await;
    client.send(r#"22["event",2]"#).await;
    let question = client.packet().await;
    let id = question.trim_start_matches('2').split('[').next().unwrap();
    client.send(&format!("3{id}[]")).await;
    gate.notify_one();
    assert_eq!(
        (client.packet().await, client.packet().await),
        ("31[]".into(), "32[]".into())
    );
    assert_eq!(
        *log.lock().unwrap(),
        ["1 begins", "1 ends", "2 begins", "2 ends"]
    );
}

#[tokio::test]
async fn a_client_faster_than_its_handlers_is_made_to_wait_and_loses_nothing() {
    let limits = Limits {
        max_inbox: 10_000,
        ..Limits::default()
    };
    let io = Io::new(Config { limits, ..calm() });
    let gate = Arc::new(Notify::new());
    let count = Arc::new(AtomicUsize::new(0));
    let (handler_gate, handler_count) = (gate.clone(), count.clone());
    io.of("/", move |socket| {
        let (gate, count) = (handler_gate.clone(), handler_count.clone());
        socket.on("data", move |_: Socket, _: String| {
            let (gate, count) = (gate.clone(), count.clone());
            async move {
                if count.fetch_add(1, Ordering::SeqCst) == 0 {
                    gate.notified().await;
                }
            }
        });
    });
    let address = serve(&io).await;
    let mut client = Client::new(address).await;
    let packet = format!(r#"2["data","{}"]"#, "x".repeat(100_000));
    let sender = tokio::spawn(async move {
        for _ in 0..300 {
            client.send(&packet).await;
        }
        client
    });
    until("the first event", || count.load(Ordering::SeqCst) == 1).await;
    // 30 MB do not fit between the client and a handler that waits: the sender is stuck,
    // and others are not.
    let mut other = Client::new(address).await;
    other.send(r#"21["nobody"]"#).await;
    assert!(!sender.is_finished());
    gate.notify_one();
    let _client = soon("the sender", sender).await.unwrap();
    until("all events", || count.load(Ordering::SeqCst) == 300).await;
}

#[tokio::test]
async fn the_server_asks_and_the_client_answers() {
    let (results, mut heard) = mpsc::unbounded_channel();
    let io = Io::new(calm());
    io.of("/", move |socket| {
        let results = results.clone();
        socket.on("ask me", move |socket: Socket| {
            let results = results.clone();
            async move {
                // An answer arrives while the handler of the same socket waits for it.
                let answer = socket
                    .emit_with_ack::<(String, u8)>("name and age?", ())
                    .await;
                results
                    .send(answer.map_err(|error| error.to_string()))
                    .unwrap();
                let answer = socket
                    .emit_with_ack::<u8>("age?", ())
                    .timeout(Duration::from_millis(50))
                    .await;
                assert!(matches!(answer, Err(AckError::Timeout)), "{answer:?}");
                let answer = socket.emit_with_ack::<u8>("still?", ()).await;
                results
                    .send(
                        answer
                            .map(|age| (String::new(), age))
                            .map_err(|error| error.to_string()),
                    )
                    .unwrap();
            }
        });
    });
    let mut client = Client::new(serve(&io).await).await;
    client.send(r#"2["ask me"]"#).await;
    let asked = client.packet().await;
    let id = asked
        .trim_start_matches('2')
        .split('[')
        .next()
        .unwrap()
        .to_owned();
    client.send(&format!(r#"3{id}["Ada",36]"#)).await;
    assert_eq!(
        soon("the answer", heard.recv()).await.unwrap(),
        Ok(("Ada".into(), 36))
    );
    assert!(client.packet().await.ends_with(r#"["age?"]"#));
    assert!(client.packet().await.ends_with(r#"["still?"]"#));
    // Answers to no question are nothing.
    client.send("3999[1]").await;
    client.vanish();
    assert_eq!(
        soon("the answer", heard.recv()).await.unwrap(),
        Err("disconnected before the acknowledgement".into())
    );
}

/// A server where clients join rooms and speak through any operator.
fn switchboard() -> Io {
    let io = Io::new(calm());
    io.of("/", |socket| {
        socket.on("join", async |socket: Socket, room: String| {
            socket.join(room).is_ok()
        });
        socket.on("leave", async |socket: Socket, room: String| {
            socket.leave(&room);
            true
        });
        socket.on(
            "to",
            async |socket: Socket, rooms: Vec<String>, except: Vec<String>| {
                let to = rooms
                    .iter()
                    .fold(socket.broadcast(), socket_io::Broadcast::to);
                except
                    .iter()
                    .fold(to, socket_io::Broadcast::except)
                    .emit("heard", "x");
                true
            },
        );
    });
    io
}

async fn ask(client: &mut Client, event: &str) {
    client.send(&format!("21{event}")).await;
    assert_eq!(client.packet().await, "31[true]", "{event}");
}

/// Whether a client has heard something by now: what was sent before the acknowledgement
/// comes before it.
async fn heard(client: &mut Client) -> usize {
    client.send(r#"21["leave","nowhere"]"#).await;
    let mut count = 0;
    loop {
        match client.packet().await.as_str() {
            "31[true]" => return count,
            r#"2["heard","x"]"# => count += 1,
            other => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn rooms_unions_and_exceptions() {
    let io = switchboard();
    let address = serve(&io).await;
    let mut clients = Vec::new();
    for rooms in [&["a"][..], &["a", "b"], &["b"], &[]] {
        let mut client = Client::new(address).await;
        for room in rooms {
            ask(&mut client, &format!(r#"["join","{room}"]"#)).await;
        }
        clients.push(client);
    }
    for (rooms, expected) in [
        (r#"[["a"],[]]"#, [0, 1, 0, 0]),
        (r#"[["b"],[]]"#, [0, 1, 1, 0]),
        // Who is in both hears it once.
        (r#"[["a","b"],[]]"#, [0, 1, 1, 0]),
        (r#"[["a","b"],["b"]]"#, [0, 0, 0, 0]),
        (r"[[],[]]", [0, 1, 1, 1]),
        (r#"[[],["b"]]"#, [0, 0, 0, 1]),
        (r#"[["nobody"],[]]"#, [0, 0, 0, 0]),
    ] {
        let arguments = &rooms[1..rooms.len() - 1];
        ask(&mut clients[0], &format!(r#"["to",{arguments}]"#)).await;
        let mut counts = [0; 4];
        for (count, client) in counts.iter_mut().zip(&mut clients) {
            *count = heard(client).await;
        }
        assert_eq!(counts, expected, "{rooms}");
    }
}

#[tokio::test]
async fn a_room_named_like_a_socket_is_not_its_own_room() {
    let io = switchboard();
    let address = serve(&io).await;
    let mut victim = Client::new(address).await;
    let id = io.namespace("/").unwrap().sockets()[0].id().clone();
    let mut thief = Client::new(address).await;
    ask(&mut thief, &format!(r#"["join","{id}"]"#)).await;
    io.namespace("/").unwrap().to(&id).emit("heard", "x");
    assert_eq!(heard(&mut victim).await, 1);
    assert_eq!(heard(&mut thief).await, 0);
    assert_ne!(Room::from(&id), Room::from(id.as_str()));
}

#[tokio::test]
async fn rooms_are_capped_and_left_with_the_socket() {
    let io = Io::new(Config {
        limits: Limits {
            max_rooms: 2,
            ..Limits::default()
        },
        ..calm()
    });
    let address = serve(&io).await;
    let client = Client::new(address).await;
    let main = io.namespace("/").unwrap();
    let socket = main.sockets().remove(0);
    assert_eq!(socket.join("x".repeat(257)), Err(JoinError::NameTooLong));
    socket.join("a").unwrap();
    socket.join("b").unwrap();
    socket.join("a").unwrap();
    assert_eq!(socket.join("c"), Err(JoinError::TooManyRooms));
    socket.leave("a");
    socket.join("c").unwrap();
    client.vanish();
    until("the socket to leave", || main.count() == 0).await;
    assert_eq!(socket.join("d"), Err(JoinError::Disconnected));
    assert!(socket.rooms().is_empty());
    assert!(main.to("b").sockets().is_empty());
}

#[tokio::test]
async fn sockets_are_found_moved_and_put_out() {
    let io = Io::new(calm());
    let address = serve(&io).await;
    let mut a = Client::new(address).await;
    let mut b = Client::new(address).await;
    let main = io.namespace("/").unwrap();
    main.all().sockets_join("everybody");
    assert_eq!(main.to("everybody").sockets().len(), 2);
    let first = main.sockets().remove(0);
    first.broadcast().sockets_leave("everybody");
    assert_eq!(main.to("everybody").sockets(), [first]);
    main.all().disconnect_sockets(false);
    assert_eq!(
        (a.packet().await, b.packet().await),
        ("1".into(), "1".into())
    );
    assert_eq!(main.count(), 0);
    // The connection stays, and may join again.
    assert!(a.connect("/", "").await["sid"].is_string());
    main.all().disconnect_sockets(true);
    assert_eq!(a.end().await, ["41"]);
}

#[tokio::test]
async fn the_catch_all_comes_first_and_disconnect_last() {
    let (log, mut heard) = mpsc::unbounded_channel();
    let io = Io::new(calm());
    io.of("/", move |socket| {
        let (any, own, gone) = (log.clone(), log.clone(), log.clone());
        socket.on_any(move |_, event, args| {
            let any = any.clone();
            async move { any.send(format!("any {event} {}", args.json())).unwrap() }
        });
        socket.on("own", move |_: Socket, value: u8| {
            let own = own.clone();
            async move {
                tokio::task::yield_now().await;
                own.send(format!("own {value}")).unwrap();
            }
        });
        socket.on_disconnect(move |socket, reason| {
            let gone = gone.clone();
            async move {
                gone.send(format!("{reason}, rooms {}", socket.rooms().len()))
                    .unwrap();
            }
        });
        socket.join("room").unwrap();
    });
    let address = serve(&io).await;
    for (last_word, reason) in [
        ("1", "client namespace disconnect"),
        ("", "transport close"),
    ] {
        let mut client = Client::new(address).await;
        client.send(r#"2["own",1]"#).await;
        client.send(r#"2["other"]"#).await;
        if !last_word.is_empty() {
            client.send(last_word).await;
        }
        client.vanish();
        for expected in [
            "any own [1]",
            "own 1",
            "any other []",
            &format!("{reason}, rooms 0"),
        ] {
            assert_eq!(soon("the log", heard.recv()).await.unwrap(), expected);
        }
    }
    assert_eq!(
        DisconnectReason::ServerNamespace.to_string(),
        "server namespace disconnect"
    );
}

#[tokio::test]
async fn volatile_events_are_dropped_for_those_who_cannot_be_sent_them_at_once() {
    let io = Io::new(calm());
    let address = serve(&io).await;
    let mut client = Client::new(address).await;
    let main = io.namespace("/").unwrap();
    let socket = main.sockets().remove(0);
    // Fill what the kernel holds, so that something waits.
    let block = "x".repeat(100_000);
    let mut sent = 0;
    loop {
        socket.emit_volatile("block", &block);
        sent += 1;
        socket.emit_volatile("probe", sent);
        if sent > 200 {
            break;
        }
    }
    main.emit("end", json!(null));
    let mut blocks = 0;
    loop {
        let packet = client.packet().await;
        if packet == r#"2["end",null]"# {
            break;
        }
        blocks += usize::from(packet.starts_with(r#"2["block""#));
    }
    assert!((1..200).contains(&blocks), "{blocks} of {sent} blocks came");
    assert!(socket.connected());
}

/// The answer comes after the events that fill the inbox.
#[tokio::test]
async fn a_handler_that_asks_is_answered_however_many_events_are_before_the_answer() {
    const EVENTS: usize = 2000;

    let io = Io::new(calm());
    io.of("/", |socket| {
        socket.on("ask", async |socket: Socket, _: String| {
            socket.emit_with_ack::<u8>("question", ()).await.is_ok()
        });
    });
    let mut client = Client::new(serve(&io).await).await;
    let text = "x".repeat(200);
    for number in 0..EVENTS {
        client.send(&format!(r#"2{number}["ask","{text}"]"#)).await;
    }
    let start = std::time::Instant::now();
    let mut answered = 0;
    while answered < EVENTS {
        let packet = client.packet().await;
        if let Some(question) = packet.strip_suffix(r#"["question"]"#) {
            client.send(&format!("3{}[7]", &question[1..])).await;
        } else {
            assert_eq!(packet, format!("3{answered}[true]"));
            answered += 1;
        }
    }
    // A single question that was not answered takes 10 seconds.
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_reserved_name_is_not_sent() {
    let io = Io::new(calm());
    let address = serve(&io).await;
    let mut client = Client::new(address).await;
    let main = io.namespace("/").unwrap();
    let socket = main.sockets().remove(0);
    for name in ["connect", "connect_error", "disconnect", "newListener"] {
        socket.emit(name, ());
        socket.emit_volatile(name, ());
        main.emit(name, ());
        let answer = socket.emit_with_ack::<()>(name, ()).await;
        assert!(matches!(answer, Err(AckError::NotSent)), "{answer:?}");
        let answers = main.all().emit_with_ack::<()>(name, ()).await;
        assert_eq!(answers.missing_from, [socket.id().clone()]);
    }
    main.emit("end", ());
    assert_eq!(client.packet().await, r#"2["end"]"#);
}

#[tokio::test]
async fn a_volatile_question_waits_only_for_clients_that_it_was_sent_to() {
    let io = Io::new(calm());
    io.of("/waiting", |_| {});
    let address = serve(&io).await;
    // It does not read: what it is sent waits in the server, and it is not writable.
    let _deaf = Client::new(address).await;
    let main = io.namespace("/").unwrap();
    let block = "x".repeat(100_000);
    let socket = main.sockets().remove(0);
    until("its way to be full", || {
        socket.emit_volatile("block", &block);
        io.engine().outstanding() > 50_000
    })
    .await;
    let start = std::time::Instant::now();
    let answers = main.volatile().emit_with_ack::<u8>("age?", ()).await;
    assert_eq!((answers.received.len(), answers.missing), (0, 0));
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn an_id_as_text_reaches_its_socket_when_it_is_parsed() {
    let io = switchboard();
    let address = serve(&io).await;
    let mut client = Client::new(address).await;
    let main = io.namespace("/").unwrap();
    let id = main.sockets()[0].id().to_string();
    let parsed: socket_io::SocketId = id.parse().unwrap();
    main.to(parsed).emit("heard", "x");
    assert_eq!(heard(&mut client).await, 1);
    main.to(id.as_str()).emit("heard", "x");
    assert_eq!(heard(&mut client).await, 0, "a room of that name");
    for text in ["", "lobby", "..................../", "äöüäöüäöüä"] {
        assert!(text.parse::<socket_io::SocketId>().is_err(), "{text}");
    }
}

#[tokio::test]
async fn a_handler_runs_in_one_task_from_beginning_to_end() {
    let io = Io::new(calm());
    io.of("/", |socket| {
        socket.on("where", async |_: Socket| {
            let before = tokio::task::try_id();
            tokio::task::yield_now().await;
            before.is_some() && before == tokio::task::try_id()
        });
    });
    let mut client = Client::new(serve(&io).await).await;
    client.send(r#"21["where"]"#).await;
    assert_eq!(client.packet().await, "31[true]");
}

#[tokio::test]
async fn a_panic_when_a_handler_is_dropped_is_its_own() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("on purpose");
        }
    }
    let io = Io::new(calm());
    io.of("/", |socket| {
        socket.data().insert(Arc::new(Mutex::new(Some(Bomb))));
        socket.on("bomb", async |_: Socket| {
            let _bomb = Bomb;
            tokio::task::yield_now().await;
        });
        let captured = Arc::new(Bomb);
        socket.on("other", move |_: Socket| {
            let _ = &captured;
            std::future::ready(true)
        });
    });
    let address = serve(&io).await;
    let mut client = Client::new(address).await;
    client.send(r#"21["bomb"]"#).await;
    assert_eq!(client.packet().await, r#"31[false,"internal error"]"#);
    client.send(r#"22["other"]"#).await;
    assert_eq!(client.packet().await, "32[true]");
    client.vanish();
    until("it to be gone", || io.engine().session_count() == 0).await;
    let mut other = Client::new(address).await;
    other.send(r#"23["other"]"#).await;
    assert_eq!(other.packet().await, "33[true]");
}
