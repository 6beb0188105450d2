//! What a program can ask the server: who is there, in which rooms and namespaces, how a
//! client is connected, and who has answered.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use engine_io::{CloseReason, Transport};
use futures_util::SinkExt;
use serde_json::Value;
use socket_io::{
    Args, Config, ConnectError, Io, JoinError, Limits, Namespace, Recovery, Socket,
    SocketId,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message as Frame;

use crate::support::{Client, calm, serve, soon, until};

fn names(namespaces: &[Namespace]) -> BTreeSet<&str> {
    namespaces.iter().map(Namespace::name).collect()
}

#[tokio::test]
async fn a_socket_is_found_by_the_id_that_another_client_sent() {
    let io = Io::new(calm());
    io.of("/", |socket| {
        socket.on(
            "whisper",
            async |socket: Socket, to: SocketId, text: String| {
                socket.to(to).emit("whisper", (socket.id(), text));
            },
        );
    });
    let address = serve(&io).await;
    let (mut ann, ann_is) = Client::join(address, "/", "").await;
    let (mut bob, bob_is) = Client::join(address, "/", "").await;
    let (ann_id, bob_id) = (&ann_is["sid"], &bob_is["sid"]);
    ann.send(&format!(r#"21["whisper",{bob_id},"psst"]"#)).await;
    assert_eq!(ann.packet().await, "31[]");
    assert_eq!(
        bob.packet().await,
        format!(r#"2["whisper",{ann_id},"psst"]"#)
    );
    ann.send(r#"22["whisper","not an id","psst"]"#).await;
    assert!(
        ann.packet()
            .await
            .starts_with(r#"32[false,"invalid arguments: "#)
    );

    let bob_id = bob_id.as_str().unwrap();
    let socket = io.socket(bob_id).unwrap();
    assert_eq!(socket.id().as_str(), bob_id);
    assert_eq!(io.main().socket(socket.id()), Some(socket.clone()));
    socket.emit("hello", socket.id().clone());
    assert_eq!(bob.packet().await, format!(r#"2["hello","{bob_id}"]"#));
    assert_eq!(io.socket("nobody"), None);
    bob.vanish();
    until("Bob to leave", || io.socket(bob_id).is_none()).await;
}

#[tokio::test]
async fn the_main_namespace_is_within_reach() {
    let io = Io::new(calm());
    let address = serve(&io).await;
    let (mut ann, _) = Client::join(address, "/", "").await;
    io.main().all().sockets_join("tea");
    io.to("tea").emit("ready", "tea");
    io.except("tea").emit("ready", "cake");
    io.emit("ready", "both");
    assert_eq!(ann.packet().await, r#"2["ready","tea"]"#);
    assert_eq!(ann.packet().await, r#"2["ready","both"]"#);
}

#[tokio::test]
async fn rooms_are_listed_joined_and_left_together() {
    let io = Io::new(Config {
        limits: Limits {
            max_rooms: 3,
            ..Limits::default()
        },
        ..calm()
    });
    let address = serve(&io).await;
    let (_ann, _) = Client::join(address, "/", "").await;
    let (_bob, _) = Client::join(address, "/", "").await;
    let sockets = io.main().sockets();
    sockets[0].join_all(["tea", "cake", "tea"]).unwrap();
    sockets[1].join("tea").unwrap();
    let rooms: BTreeSet<_> = io.main().rooms().into_iter().collect();
    assert_eq!(rooms, BTreeSet::from(["cake".into(), "tea".into()]));
    let count = |room: &str| io.to(room).count();
    assert_eq!((count("tea"), count("cake"), count("jam")), (2, 1, 0));
    assert_eq!(io.to("tea").except("cake").count(), 1);

    let too_many = sockets[0].join_all(["jam", "scones"]);
    assert_eq!(too_many, Err(JoinError::TooManyRooms));
    let too_long = sockets[1].join_all(["jam", &"x".repeat(300)]);
    assert_eq!(too_long, Err(JoinError::NameTooLong));
    assert_eq!(count("jam"), 0, "all or none");
    assert_eq!(sockets[0].rooms().len(), 2);

    sockets[0].leave_all();
    assert!(sockets[0].rooms().is_empty());
    assert_eq!((count("tea"), count("cake")), (1, 0));
    assert_eq!(io.main().rooms(), ["tea".into()]);
    assert_eq!(io.main().count(), 2, "both are still in the namespace");
}

#[tokio::test]
async fn of_twice_is_the_same_namespace_with_both_handlers() {
    let io = Io::new(calm());
    let first = io.of("chat", |socket| socket.emit("first", ()));
    let address = serve(&io).await;
    let (mut ann, _) = Client::join(address, "/chat", "").await;
    assert_eq!(ann.packet().await, r#"2/chat,["first"]"#);
    let second = io.of("/chat", |socket| socket.emit("second", ()));
    assert_eq!(first, second);
    first.on_connection(|socket| socket.emit("third", ()));
    let (mut bob, _) = Client::join(address, "/chat", "").await;
    for event in ["first", "second", "third"] {
        assert_eq!(bob.packet().await, format!(r#"2/chat,["{event}"]"#));
    }
    second.emit("hello", "both");
    assert_eq!(ann.packet().await, r#"2/chat,["hello","both"]"#);
    assert_eq!(bob.packet().await, r#"2/chat,["hello","both"]"#);
    let all = io.namespaces();
    assert_eq!(names(&all), BTreeSet::from(["/", "/chat"]));
}

#[tokio::test]
async fn a_new_namespace_is_announced_once_before_a_client_is_in_it() {
    let io = Io::new(calm());
    let (announced, mut heard) = mpsc::unbounded_channel();
    let again = io.clone();
    io.on_new_namespace(move |namespace| {
        assert_eq!(namespace.count(), 0);
        // The same name inside the hook must not be a deadlock.
        again.of(namespace.name(), |socket| socket.emit("welcome", ()));
        announced.send(namespace.name().to_owned()).unwrap();
    });
    io.on_new_namespace(|_| panic!("on purpose"));
    io.of("/", |_| {});
    io.of("/chat", |_| {});
    io.of("/chat", |_| {});
    io.of_dynamic(|name, _| name.starts_with("/team-"), |_| {});
    let address = serve(&io).await;
    for _ in 0..2 {
        let (mut client, _) = Client::join(address, "/team-red", "").await;
        assert_eq!(client.packet().await, r#"2/team-red,["welcome"]"#);
    }
    let mut all = Vec::new();
    while let Ok(name) = heard.try_recv() {
        all.push(name);
    }
    assert_eq!(all, ["/chat", "/team-red"]);
}

#[tokio::test]
async fn the_children_of_a_predicate_are_addressed_as_one() {
    let io = Io::new(calm());
    let teams = io.of_dynamic(
        |name, _| name.starts_with("/team-"),
        |socket| socket.join("members").unwrap(),
    );
    let other = io.of_dynamic(|name, _| name.starts_with("/club-"), |_| {});
    let address = serve(&io).await;
    let (mut red, _) = Client::join(address, "/team-red", "").await;
    let (mut blue, _) = Client::join(address, "/team-blue", "").await;
    let (mut club, _) = Client::join(address, "/club-tea", "").await;
    assert_eq!(
        names(&teams.children()),
        BTreeSet::from(["/team-blue", "/team-red"])
    );
    assert_eq!(names(&other.children()), BTreeSet::from(["/club-tea"]));

    teams.emit("news", 1);
    teams.to("members").emit("news", 2);
    teams.except("members").emit("news", 3);
    for (client, name) in [(&mut red, "/team-red"), (&mut blue, "/team-blue")] {
        for number in [1, 2] {
            assert_eq!(
                client.packet().await,
                format!(r#"2{name},["news",{number}]"#)
            );
        }
    }
    assert_eq!(teams.all().sockets().len(), 2);
    assert_eq!((teams.all().count(), other.all().count()), (2, 1));

    // One made by hand belongs to its parent too, and stays.
    let green = teams.child("/team-green");
    assert_eq!(teams.child("/team-green"), green);
    assert_eq!(teams.children().len(), 3);
    let (mut one, _) = Client::join(address, "/team-green", "").await;
    assert_eq!(
        green.to("members").count(),
        1,
        "the parent's handler was called"
    );
    one.send("1/team-green,").await;
    until("it to leave", || green.count() == 0).await;
    assert_eq!(io.namespace("/team-green"), Some(green));

    teams.all().disconnect_sockets(true);
    assert_eq!(red.end().await, ["41/team-red,"]);
    assert_eq!(blue.end().await, ["41/team-blue,"]);
    club.send("1/club-tea,").await;
}

#[tokio::test]
async fn middleware_of_a_parent_is_asked_for_every_child_in_front_of_its_own() {
    let io = Io::new(calm());
    let (asked, mut order) = mpsc::unbounded_channel();
    let teams = io.of_dynamic(|name, _| name.starts_with("/team-"), |_| {});
    let ask = |who: &'static str, refuses: &'static str| {
        let asked = asked.clone();
        move |socket: Socket| {
            asked.send(who).unwrap();
            let refused = socket.auth()["key"] == refuses;
            let verdict = if refused {
                Err(ConnectError::new(who))
            } else {
                Ok(())
            };
            std::future::ready(verdict)
        }
    };
    let address = serve(&io).await;
    let (_ann, _) = Client::join(address, "/team-red", "").await;
    // A child that is there already is not left out.
    teams.middleware(ask("parent", "a"));
    let red = io.namespace("/team-red").unwrap();
    red.middleware(ask("child", "b"));
    let mut bob = Client::open(address).await;
    for (name, key, answer) in [
        ("/team-red", "a", r#"{"message":"parent"}"#),
        ("/team-red", "b", r#"{"message":"child"}"#),
        ("/team-blue", "a", r#"{"message":"parent"}"#),
    ] {
        bob.send(&format!(r#"0{name},{{"key":"{key}"}}"#)).await;
        assert_eq!(bob.packet().await, format!("4{name},{answer}"));
    }
    for expected in ["parent", "parent", "child", "parent"] {
        assert_eq!(
            soon("the next in order", order.recv()).await,
            Some(expected)
        );
    }
    // Nobody was let into it.
    until("the child to go", || io.namespace("/team-blue").is_none()).await;
    assert!(
        io.namespace("/team-red").is_some(),
        "another client is in it"
    );
}

#[tokio::test]
async fn a_predicate_can_wait_and_clients_that_ask_meanwhile_get_the_same_namespace() {
    let io = Io::new(calm());
    let (asked, mut asks) = mpsc::unbounded_channel();
    let answer = Arc::new(Notify::new());
    let waits = answer.clone();
    io.of_dynamic_async(
        async move |name: String, auth: serde_json::Value| {
            assert_ne!(name, "/trap", "on purpose");
            asked.send(()).unwrap();
            waits.notified().await;
            assert_ne!(name, "/late-trap", "on purpose");
            auth["key"] == 1
        },
        |socket| socket.emit("welcome", ()),
    );
    io.of_dynamic(|name, _| name == "/second", |_| {});
    let address = serve(&io).await;
    let mut clients = [Client::open(address).await, Client::open(address).await];
    for client in &mut clients {
        client.send(r#"0/late,{"key":1}"#).await;
        soon("the predicate", asks.recv()).await.unwrap();
    }
    assert!(io.namespace("/late").is_none());
    answer.notify_waiters();
    for client in &mut clients {
        assert!(client.packet().await.starts_with(r#"0/late,{"sid":"#));
        assert_eq!(client.packet().await, r#"2/late,["welcome"]"#);
    }
    assert_eq!(io.namespace("/late").unwrap().count(), 2);

    // One that declines leaves it to the next one, and one that panics has declined.
    let [client, other] = &mut clients;
    for (name, accepted) in [("/second", true), ("/none", false), ("/late-trap", false)] {
        client.send(&format!("0{name},")).await;
        soon("the predicate", asks.recv()).await.unwrap();
        answer.notify_waiters();
        let packet = client.packet().await;
        assert_eq!(
            packet.starts_with(&format!("0{name},")),
            accepted,
            "{packet}"
        );
    }
    client.send("0/trap,").await;
    assert_eq!(
        client.packet().await,
        r#"4/trap,{"message":"Invalid namespace"}"#
    );

    // A client that has left by then leaves nothing behind.
    other.send(r#"0/gone,{"key":1}"#).await;
    soon("the predicate", asks.recv()).await.unwrap();
    other.send("1/gone,").await;
    other.send("1/late,").await;
    until("it to leave", || {
        io.namespace("/late").unwrap().count() == 1
    })
    .await;
    answer.notify_waiters();
    client.send("1/second,").await;
    until("both to go", || {
        io.namespace("/gone").is_none() && io.namespace("/second").is_none()
    })
    .await;
}

#[tokio::test]
async fn a_predicate_that_never_answers_has_not_accepted() {
    let io = Io::new(Config {
        connect_timeout: Duration::from_millis(200),
        ..calm()
    });
    io.of_dynamic_async(|_, _| std::future::pending(), |_| {});
    let address = serve(&io).await;
    let (mut client, _) = Client::join(address, "/", "").await;
    client.send("0/never,").await;
    assert_eq!(
        client.packet().await,
        r#"4/never,{"message":"Invalid namespace"}"#
    );
}

#[tokio::test]
async fn empty_children_stay_if_the_server_is_configured_so() {
    let io = Io::new(Config {
        cleanup_empty_child_namespaces: false,
        max_dynamic_namespaces: 2,
        ..calm()
    });
    let teams = io.of_dynamic(|name, _| name.starts_with("/team-"), |_| {});
    teams.middleware(async |socket: Socket| match socket.auth()["key"].as_u64() {
        Some(_) => Ok(()),
        None => Err(ConnectError::new("not you")),
    });
    let address = serve(&io).await;
    let (mut client, _) = Client::join(address, "/", "").await;
    client.send("0/team-a,").await;
    assert_eq!(client.packet().await, r#"4/team-a,{"message":"not you"}"#);
    client.connect("/team-b", r#"{"key":1}"#).await;
    client.send("1/team-b,").await;
    let b = io.namespace("/team-b").unwrap();
    until("it to leave", || b.count() == 0).await;
    assert_eq!(
        names(&teams.children()),
        BTreeSet::from(["/team-a", "/team-b"])
    );
    client.send(r#"0/team-c,{"key":1}"#).await;
    assert_eq!(
        client.packet().await,
        r#"4/team-c,{"message":"Invalid namespace"}"#
    );
    client.connect("/team-a", r#"{"key":1}"#).await;
}

#[tokio::test]
async fn a_socket_knows_how_its_client_is_connected() {
    let io = Io::new(calm());
    let address = serve(&io).await;
    let (mut client, _) = Client::join(address, "/", "").await;
    let socket = io.main().sockets().remove(0);
    assert_eq!(socket.transport(), Transport::WebSocket);
    assert!(socket.remote_addr().unwrap().ip().is_loopback());
    let request = socket.handshake();
    assert_eq!(request.url(), "/socket.io/?EIO=4&transport=websocket");
    assert!(
        request
            .query_pairs()
            .any(|pair| pair == ("EIO".into(), "4".into()))
    );
    assert!(!request.secure && request.time.elapsed().unwrap().as_secs() < 60);
    assert_ne!(socket.session().id(), socket.id().as_str());

    // Closed without a DISCONNECT packet, so that the client comes back by itself.
    socket.emit("last", ());
    socket.session().close(CloseReason::Forced);
    assert_eq!(client.end().await, [r#"42["last"]"#]);
}

/// Sends one request over a connection of its own. Returns the response's body.
async fn http(address: SocketAddr, request: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let head = format!(
        "{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all((head + body).as_bytes()).await.unwrap();
    let mut response = String::new();
    soon("a response", stream.read_to_string(&mut response))
        .await
        .unwrap();
    let (_, body) = response.split_once("\r\n\r\n").unwrap();
    body.to_owned()
}

#[tokio::test]
async fn a_socket_is_told_when_its_client_moves_to_a_websocket() {
    let io = Io::new(calm());
    io.of("/", |socket| {
        let removed = socket.on_upgrade(async |socket: Socket| socket.emit("no", ()));
        assert!(socket.off(removed));
        socket.on_upgrade(async |_: Socket| panic!("on purpose"));
        socket.on_upgrade(async |socket: Socket| {
            socket.emit("moved", socket.transport().name());
        });
        socket.on("ping", async |socket: Socket| socket.emit("pong", ()));
    });
    let address = serve(&io).await;
    let path = "/socket.io/?EIO=4&transport=";
    let open = http(address, &format!("GET {path}polling"), "").await;
    let open: Value = serde_json::from_str(&open[1..]).unwrap();
    let sid = open["sid"].as_str().unwrap();
    let poll = format!("{path}polling&sid={sid}");
    assert_eq!(http(address, &format!("POST {poll}"), "40").await, "ok");
    assert!(
        http(address, &format!("GET {poll}"), "")
            .await
            .starts_with("40{")
    );

    let url = format!("ws://{address}{path}websocket&sid={sid}");
    let stream = TcpStream::connect(address).await.unwrap();
    let (socket, _) = soon("an upgrade", client_async(url, stream)).await.unwrap();
    let mut client = Client(socket);
    let text = |text: &str| Frame::Text(text.into());
    client.0.send(text("2probe")).await.unwrap();
    assert_eq!(client.frame().await, Some(text("3probe")));
    client.0.send(text("5")).await.unwrap();
    client.send(r#"2["ping"]"#).await;
    assert_eq!(client.packet().await, r#"2["moved","websocket"]"#);
    assert_eq!(client.packet().await, r#"2["pong"]"#);

    let mut other = Client::new(address).await;
    other.send(r#"2["ping"]"#).await;
    assert_eq!(other.packet().await, r#"2["pong"]"#, "it has not moved");
}

#[tokio::test]
async fn what_waits_for_a_client_is_counted_and_its_end_can_be_awaited() {
    let io = Io::new(calm());
    let address = serve(&io).await;
    let (mut client, _) = Client::join(address, "/", "").await;
    let socket = io.main().sockets().remove(0);
    soon("the CONNECT packet to leave", socket.drained())
        .await
        .unwrap();
    assert_eq!(socket.outstanding(), 0);
    // More than the kernel takes from a server whose client does not read.
    let block = "x".repeat(100_000);
    while socket.outstanding() < 200_000 {
        socket.emit("block", &block);
        tokio::task::yield_now().await;
    }
    let mut drained = tokio::spawn(async move { socket.drained().await });
    tokio::task::yield_now().await;
    assert!(!drained.is_finished());
    let read = async {
        loop {
            client.packet().await;
        }
    };
    tokio::select! {
        done = &mut drained => assert_eq!(done.unwrap(), Ok(())),
        () = read => {}
    }
}

/// A handler that lets a client in while its room is loud must not collect without end.
#[tokio::test]
async fn what_waits_for_a_client_that_middleware_has_not_accepted_is_capped() {
    let base = calm();
    let io = Io::new(Config {
        engine: engine_io::Config {
            outbound_budget: 100_000,
            ..base.engine.clone()
        },
        ..base
    });
    let (seen, mut waiting) = mpsc::unbounded_channel();
    io.of("/slow", |_| {}).middleware(move |socket: Socket| {
        let seen = seen.clone();
        async move {
            seen.send(socket).unwrap();
            std::future::pending().await
        }
    });
    let address = serve(&io).await;
    let mut client = Client::open(address).await;
    client.send("0/slow,").await;
    let socket = soon("the middleware", waiting.recv()).await.unwrap();
    for _ in 0..90 {
        socket.emit("news", "x".repeat(900));
    }
    assert!(!socket.session().is_closed());
    for _ in 0..20 {
        socket.emit("news", "x".repeat(900));
    }
    assert!(socket.session().is_closed());
    client.end().await;
}

#[tokio::test]
async fn a_broadcasts_answers_say_who_answered_and_who_is_missing() {
    let io = Io::new(Config {
        ack_timeout: Duration::from_millis(300),
        ..calm()
    });
    let teams = io.of_dynamic(|name, _| name.starts_with("/team-"), |_| {});
    let address = serve(&io).await;
    let (mut ann, ann_is) = Client::join(address, "/team-red", "").await;
    let (mut bob, bob_is) = Client::join(address, "/team-blue", "").await;
    let (mut cid, cid_is) = Client::join(address, "/team-blue", "").await;
    let (mut dot, dot_is) = Client::join(address, "/team-blue", "").await;
    let (mut eve, eve_is) = Client::join(address, "/team-blue", "").await;
    let asking = tokio::spawn({
        let all = teams.all();
        async move { all.emit_with_ack::<Args>("age?", ()).await }
    });
    let mut ids = Vec::new();
    for client in [&mut ann, &mut bob, &mut cid, &mut dot, &mut eve] {
        let packet = client.packet().await;
        let number = packet.split_once(',').unwrap().1.split('[').next().unwrap();
        ids.push(number.to_owned());
    }
    cid.send(&format!("3/team-blue,{}[30]", ids[2])).await;
    // Twice is once.
    cid.send(&format!("3/team-blue,{}[31]", ids[2])).await;
    until("the first answer", || cid_has_answered(&io, &cid_is)).await;
    ann.send(&format!("3/team-red,{}[10]", ids[0])).await;
    eve.send(&format!("3/team-blue,{}[50]", ids[4])).await;
    dot.vanish();
    let answers = soon("the answers", asking).await.unwrap();
    let received: BTreeSet<_> = answers
        .answered_by
        .iter()
        .flatten()
        .zip(&answers.received)
        .map(|(id, age)| (id.as_str(), age.json()))
        .collect();
    let id = |joined: &serde_json::Value| joined["sid"].as_str().unwrap().to_owned();
    assert_eq!(
        received,
        BTreeSet::from([
            (&*id(&ann_is), "[10]"),
            (&*id(&cid_is), "[30]"),
            (&*id(&eve_is), "[50]"),
        ])
    );
    let missing: BTreeSet<_> = answers
        .missing_from
        .iter()
        .map(|id| id.as_str().to_owned())
        .collect();
    assert_eq!(missing, BTreeSet::from([id(&bob_is), id(&dot_is)]));
    assert_eq!(answers.missing, 2);
}

/// It is still here.
fn cid_has_answered(io: &Io, cid: &serde_json::Value) -> bool {
    let blue = io.namespace("/team-blue").unwrap();
    blue.socket(cid["sid"].as_str().unwrap()).is_some()
}

#[tokio::test]
async fn a_question_waits_as_long_as_the_server_says_unless_it_says_otherwise() {
    let io = Io::new(Config {
        ack_timeout: Duration::from_millis(50),
        ..calm()
    });
    let address = serve(&io).await;
    let (_client, _) = Client::join(address, "/", "").await;
    let socket = io.main().sockets().remove(0);
    let start = std::time::Instant::now();
    assert!(socket.emit_with_ack::<u8>("age?", ()).await.is_err());
    assert_eq!(
        io.main()
            .all()
            .emit_with_ack::<u8>("age?", ())
            .await
            .missing,
        1
    );
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "not the default of 10 s"
    );
    let patient = io.main().timeout(Duration::from_secs(60));
    let asking =
        tokio::spawn(async move { patient.emit_with_ack::<u8>("age?", ()).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!asking.is_finished());
}

#[tokio::test]
async fn the_same_server_takes_clients_again_after_a_shutdown() {
    let io = Io::new(calm());
    io.of("/", |socket| {
        socket.on("echo", async |_: Socket, args: Args| args);
    });
    let address = serve(&io).await;
    for round in 1..=3 {
        let (mut client, _) = Client::join(address, "/", "").await;
        client.send(r#"21["echo","hello"]"#).await;
        assert_eq!(client.packet().await, r#"31["hello"]"#, "round {round}");
        let end = async {
            let said = client.end().await;
            // The server waits until the connection is closed.
            client.vanish();
            said
        };
        let shutdown = soon("the end", io.shutdown(Duration::from_secs(20)));
        assert_eq!(tokio::join!(shutdown, end), (1, vec![]));
        io.reopen();
    }
}

#[tokio::test]
async fn middleware_is_asked_about_a_client_that_comes_back_if_so_configured() {
    for skip_middlewares in [true, false] {
        let io = Io::new(Config {
            recovery: Some(Recovery {
                skip_middlewares,
                ..Recovery::default()
            }),
            ..calm()
        });
        let (asked, mut asks) = mpsc::unbounded_channel();
        let main = io.of("/", |socket| socket.emit("recovered", socket.recovered()));
        main.middleware(move |socket: Socket| {
            asked.send(socket.recovered()).unwrap();
            let banned = socket.auth()["banned"] == true;
            let verdict = if banned {
                Err(ConnectError::new("banned"))
            } else {
                Ok(())
            };
            std::future::ready(verdict)
        });
        let address = serve(&io).await;
        let (client, joined) = Client::join(address, "/", "").await;
        assert_eq!(soon("a question", asks.recv()).await, Some(false));
        io.main().all().sockets_join("tea");
        client.vanish();
        until("it to leave", || io.main().count() == 0).await;
        io.to("tea").emit("missed", 7);

        let pid = &joined["pid"];
        let (mut client, back) =
            Client::join(address, "/", &format!(r#"{{"pid":{pid}}}"#)).await;
        assert_eq!(back["sid"], joined["sid"]);
        assert!(client.packet().await.starts_with(r#"2["recovered",false,"#));
        assert!(client.packet().await.starts_with(r#"2["missed",7,"#));
        assert!(client.packet().await.starts_with(r#"2["recovered",true,"#));
        client.vanish();
        until("it to leave", || io.main().count() == 0).await;

        let mut client = Client::open(address).await;
        client
            .send(&format!(r#"0{{"pid":{pid},"banned":true}}"#))
            .await;
        let packet = client.packet().await;
        if skip_middlewares {
            assert!(packet.starts_with("0{"), "{packet}");
            assert!(asks.try_recv().is_err());
        } else {
            assert_eq!(packet, r#"4{"message":"banned"}"#);
            assert_eq!(soon("a question", asks.recv()).await, Some(true));
            assert_eq!(soon("a question", asks.recv()).await, Some(true));
            assert_eq!((io.main().count(), io.main().rooms().len()), (0, 0));
        }
    }
}
