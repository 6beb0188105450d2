//! Namespaces: who comes in, in which order things are said, and how it ends.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use socket_io::{Config, ConnectError, DisconnectReason, Io, Limits, Socket};
use tokio::sync::{mpsc, oneshot};

use crate::support::{Client, calm, serve, soon, until};

#[tokio::test]
async fn two_namespaces_of_one_connection_do_not_hear_each_other() {
    let io = Io::new(calm());
    for name in ["/", "/chat"] {
        io.of(name, |socket| {
            socket.on("where", async |socket: Socket| {
                socket.namespace().name().to_owned()
            });
        });
    }
    let mut client = Client::new(serve(&io).await).await;
    client.connect("/chat", "").await;
    client.send(r#"21["where"]"#).await;
    client.send(r#"2/chat,1["where"]"#).await;
    assert_eq!(
        (client.packet().await, client.packet().await),
        (r#"31["/"]"#.into(), r#"3/chat,1["/chat"]"#.into())
    );
    io.namespace("/chat").unwrap().emit("news", 1);
    assert_eq!(client.packet().await, r#"2/chat,["news",1]"#);
    // Leaving one is not leaving the other.
    client.send("1/chat,").await;
    client.send(r#"22["where"]"#).await;
    assert_eq!(client.packet().await, r#"32["/"]"#);
    assert_eq!(
        (
            io.namespace("/").unwrap().count(),
            io.namespace("/chat").unwrap().count()
        ),
        (1, 0)
    );
}

#[tokio::test]
async fn what_the_connect_handler_says_follows_the_connect_packet() {
    let io = Io::new(calm());
    io.of("/", |socket| {
        socket.emit("first", ());
        socket.join("room").unwrap();
        socket.namespace().to("room").emit("second", ());
        socket.emit_volatile("never", ());
    });
    io.of("/out", |socket| {
        socket.emit("sorry", ());
        socket.disconnect();
    });
    let mut client = Client::new(serve(&io).await).await;
    assert_eq!(
        (client.packet().await, client.packet().await),
        (r#"2["first"]"#.into(), r#"2["second"]"#.into())
    );
    client.connect("/out", "").await;
    assert_eq!(
        (client.packet().await, client.packet().await),
        (r#"2/out,["sorry"]"#.into(), "1/out,".into())
    );
    assert_eq!(io.namespace("/out").unwrap().count(), 0);
    // The connection stays, and may try again.
    client.connect("/out", "").await;
}

/// The CONNECT packet may be answered while what follows it is still being queued, by
/// another thread than the one that reads.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_event_in_answer_to_connect_is_never_too_early() {
    let io = Io::new(calm());
    let main = io.of("/", |socket| {
        for number in 0..2000 {
            socket.emit("greeting", number);
        }
        socket.on("hello", async |_: Socket| true);
        // From here on this thread is no worker of the runtime: those that it wakes run
        // elsewhere, at once.
        tokio::task::block_in_place(|| std::thread::sleep(Duration::from_millis(1)));
    });
    main.middleware(async |_| {
        tokio::task::yield_now().await;
        Ok(())
    });
    let address = serve(&io).await;
    for _ in 0..20 {
        let mut client = Client::new(address).await;
        client.send(r#"21["hello"]"#).await;
        let mut greetings = 0;
        while client.packet().await != "31[true]" {
            greetings += 1;
        }
        assert_eq!(greetings, 2000);
    }
}

/// Answers a middleware's question in the order that the test wants.
#[tokio::test]
async fn who_leaves_and_asks_again_gets_the_answer_to_the_second_question() {
    let (questions, mut asked) = mpsc::unbounded_channel();
    let io = Io::new(calm());
    let slow = io.of("/slow", |_| {});
    slow.middleware(move |_| {
        let (verdict, decided) = oneshot::channel();
        questions.send(verdict).unwrap();
        async { decided.await.unwrap() }
    });
    let mut client = Client::open(serve(&io).await).await;
    for packet in ["0/slow,", "1/slow,", "0/slow,"] {
        client.send(packet).await;
    }
    let first = soon("the first question", asked.recv()).await.unwrap();
    let second = soon("the second question", asked.recv()).await.unwrap();
    first.send(Err(ConnectError::new("too late"))).unwrap();
    second.send(Ok(())).unwrap();
    let answer = client.packet().await;
    assert!(answer.starts_with(r#"0/slow,{"sid""#), "{answer}");
    assert_eq!(slow.count(), 1);
}

#[tokio::test]
async fn who_is_put_out_by_a_middleware_is_told() {
    let io = Io::new(calm());
    io.of("/", |_| {}).middleware(async |socket: Socket| {
        socket.disconnect();
        Ok(())
    });
    let mut client = Client::open(serve(&io).await).await;
    client.send("0").await;
    assert_eq!(client.packet().await, r#"4{"message":"disconnected"}"#);
    assert_eq!(io.namespace("/").unwrap().count(), 0);
}

#[tokio::test]
async fn a_panic_in_a_middleware_is_a_refusal() {
    let io = Io::new(calm());
    io.of("/", |_| {});
    io.of("/at-once", |_| {}).middleware(
        |_| -> std::future::Ready<Result<(), ConnectError>> { panic!("on purpose") },
    );
    io.of("/later", |_| {}).middleware(async |socket: Socket| {
        socket
            .join("room")
            .map_err(|error| ConnectError::new(error.to_string()))?;
        tokio::task::yield_now().await;
        panic!("on purpose")
    });
    io.of("/inside", |_| panic!("on purpose"));
    let mut client = Client::new(serve(&io).await).await;
    for name in ["/at-once", "/later", "/inside"] {
        for _ in 0..2 {
            client.send(&format!("0{name},")).await;
            assert_eq!(
                client.packet().await,
                format!(r#"4{name},{{"message":"internal error"}}"#)
            );
        }
        let namespace = io.namespace(name).unwrap();
        assert_eq!(
            (namespace.count(), namespace.to("room").sockets().len()),
            (0, 0),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_panic_in_a_predicate_is_a_no() {
    let io = Io::new(calm());
    io.of("/", |_| {});
    io.of_dynamic(
        |name, _| {
            assert_ne!(name, "/trap", "on purpose");
            true
        },
        |_| {},
    );
    let mut client = Client::new(serve(&io).await).await;
    for _ in 0..2 {
        client.send("0/trap,").await;
        assert_eq!(
            client.packet().await,
            r#"4/trap,{"message":"Invalid namespace"}"#
        );
    }
    client.send("0/other,").await;
    assert!(client.packet().await.starts_with("0/other,"));
}

#[tokio::test]
async fn a_panic_in_a_catch_all_or_at_the_end_harms_nothing() {
    let (ends, mut ended) = mpsc::unbounded_channel();
    let io = Io::new(calm());
    io.of("/", move |socket| {
        let ends = ends.clone();
        socket.on_any(|_, event, _| -> std::future::Ready<()> {
            assert_ne!(event, "trap", "on purpose");
            std::future::ready(())
        });
        socket.on("hello", async |_: Socket| true);
        socket.on_disconnect(move |_, _| -> std::future::Ready<()> {
            ends.send(()).unwrap();
            panic!("on purpose");
        });
    });
    let address = serve(&io).await;
    let mut client = Client::new(address).await;
    client.send(r#"21["trap"]"#).await;
    assert_eq!(client.packet().await, r#"31[false,"internal error"]"#);
    client.send(r#"22["hello"]"#).await;
    assert_eq!(client.packet().await, "32[true]");
    client.vanish();
    soon("the end", ended.recv()).await.unwrap();
    let mut other = Client::new(address).await;
    other.send(r#"23["hello"]"#).await;
    assert_eq!(other.packet().await, "33[true]");
}

#[tokio::test]
async fn a_shutdown_says_good_bye_to_everyone_and_counts_them() {
    let reasons = Arc::new(Mutex::new(Vec::new()));
    let io = Io::new(calm());
    let log = reasons.clone();
    io.of("/", move |socket| {
        let log = log.clone();
        socket.on_disconnect(move |_, reason| {
            let log = log.clone();
            async move { log.lock().unwrap().push(reason.to_string()) }
        });
    });
    let address = serve(&io).await;
    let mut clients = [Client::new(address).await, Client::new(address).await];
    io.namespace("/").unwrap().emit("last words", ());
    assert_eq!(
        soon("the shutdown", io.shutdown(Duration::from_secs(10))).await,
        2
    );
    for client in &mut clients {
        assert_eq!(
            client.end().await.first().map(String::as_str),
            Some(r#"42["last words"]"#)
        );
    }
    until("both to be told", || reasons.lock().unwrap().len() == 2).await;
    assert_eq!(*reasons.lock().unwrap(), ["server shutting down"; 2]);
}

/// A client that is put out of everything does not come back on any namespace.
#[tokio::test]
async fn the_end_of_a_connection_is_told_to_each_of_its_namespaces() {
    let (reasons, mut heard) = mpsc::unbounded_channel();
    let io = Io::new(calm());
    for name in ["/", "/chat", "/news"] {
        let reasons = reasons.clone();
        io.of(name, move |socket| {
            let reasons = reasons.clone();
            socket.on("end it", async |socket: Socket| socket.disconnect_all());
            socket.on_disconnect(move |_, reason| {
                let reasons = reasons.clone();
                async move { reasons.send(reason.to_string()).unwrap() }
            });
        });
    }
    let address = serve(&io).await;
    for (last, reason) in [
        (r#"2/chat,["end it"]"#, "server namespace disconnect"),
        ("2/chat,{}", "parse error"),
    ] {
        let mut client = Client::new(address).await;
        client.connect("/chat", "").await;
        client.connect("/news", "").await;
        io.namespace("/").unwrap().emit("queued", ());
        client.send(last).await;
        assert_eq!(
            client.end().await,
            [r#"42["queued"]"#, "41", "41/chat,", "41/news,"]
        );
        for _ in 0..3 {
            assert_eq!(soon("a reason", heard.recv()).await.unwrap(), reason);
        }
    }
}

#[tokio::test]
async fn a_client_that_owes_an_answer_and_sends_on_and_on_is_closed_with_a_reason() {
    let (reasons, mut heard) = mpsc::unbounded_channel();
    let io = Io::new(Config {
        limits: Limits {
            max_backlog: 100_000,
            ..Limits::default()
        },
        ..calm()
    });
    io.of("/", move |socket| {
        let reasons = reasons.clone();
        socket.on("ask", async |socket: Socket, _: String| {
            socket.emit_with_ack::<()>("question", ()).await.is_ok()
        });
        socket.on_disconnect(move |_, reason| {
            let reasons = reasons.clone();
            async move { reasons.send(reason).unwrap() }
        });
    });
    let mut client = Client::new(serve(&io).await).await;
    for _ in 0..100 {
        client
            .send(&format!(r#"2["ask","{}"]"#, "x".repeat(1000)))
            .await;
    }
    let said = client.end().await;
    assert_eq!(said.last().map(String::as_str), Some("41"), "{said:?}");
    assert_eq!(
        soon("the reason", heard.recv()).await.unwrap(),
        DisconnectReason::Backlog
    );
}
