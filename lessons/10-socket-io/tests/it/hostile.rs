//! What hostile clients do to a Socket.IO server, and that nobody else notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use socket_io::{Args, Binary, Config, ConnectError, Io, Limits, Socket};
use tokio::sync::mpsc;

use crate::support::{Client, calm, serve, soon, until};

fn echo(config: Config) -> Io {
    let io = Io::new(config);
    io.of("/", |socket| {
        socket.on("echo", async |_: Socket, args: Args| args);
        socket.on("bytes", async |_: Socket, bytes: Binary| bytes.0.len());
    });
    io
}

async fn still_serves(client: &mut Client) {
    client.send(r#"27["echo","here"]"#).await;
    assert_eq!(client.packet().await, r#"37["here"]"#);
}

#[tokio::test]
async fn packets_that_break_the_protocol_close_their_connection_only() {
    let io = echo(calm());
    let address = serve(&io).await;
    let mut bystander = Client::new(address).await;
    let deep = format!(
        r#"2["echo",{}{}]"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let deep_auth = format!(
        "0/x,{{\"a\":{}1{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    for packet in [
        "",
        "7",
        "hello",
        "0", // CONNECT twice
        "0{broken",
        "0[]",
        r#"4{"message":"x"}"#, // CONNECT_ERROR from a client
        r#"2/other,["echo"]"#, // not joined
        "1/other,",
        "2",
        "2{}",
        "2[]",
        "2[null]",
        "2[{}]",
        r#"2["echo""#,
        r#"2["echo",]"#,
        r#"2["nobody listens",}]"#,
        r#"2["echo"] and more"#,
        r#"2["bytes",7,}"#, // does not fit, and is no JSON either
        r#"299999999999999999999["echo"]"#, // past u64
        "3[1]",
        "31{}",
        r#"2["connect"]"#,
        r#"2["disconnecting"]"#,
        r#"2["newListener",1]"#,
        r#"5["bytes"]"#,
        r#"50-["bytes"]"#,
        r#"511-["bytes"]"#,
        r#"599999999999999999999-["bytes"]"#,
        r#"5-1-["bytes"]"#,
        &deep,
        &deep_auth,
    ] {
        let mut client = Client::new(address).await;
        client.send(packet).await;
        // The end is told to the namespace.
        let shown = &packet[..packet.len().min(60)];
        assert_eq!(client.end().await, ["41"], "{shown}");
    }
    still_serves(&mut bystander).await;
    let main = io.namespace("/").unwrap();
    until("the others to be gone", || {
        main.count() == 1 && io.engine().session_count() == 1
    })
    .await;
}

/// Node's server ended on an event `error` that had no handler (CVE-2024-38355).
#[tokio::test]
async fn an_event_without_a_handler_is_ignored() {
    let address = serve(&echo(calm())).await;
    let mut client = Client::new(address).await;
    for event in [
        r#"2["error"]"#,
        r#"2["error",{"message":"x"}]"#,
        r#"2["none"]"#,
    ] {
        client.send(event).await;
    }
    still_serves(&mut client).await;
}

#[tokio::test]
async fn attachments_out_of_order_close_the_connection() {
    let address = serve(&echo(calm())).await;
    let placeholder =
        |num: &str| format!(r#"51-["bytes",{{"_placeholder":true,"num":{num}}}]"#);
    // Bytes that nobody announced.
    let mut client = Client::new(address).await;
    client.send_binary(b"stray").await;
    client.end().await;
    // Text while bytes are due.
    let mut client = Client::new(address).await;
    client.send(&placeholder("0")).await;
    client.send(r#"2["echo"]"#).await;
    assert_eq!(client.end().await, ["41"]);
    // Placeholders for what is not there.
    for num in ["1", "-1", "0.5", "18446744073709551616", "\"0\"", "null"] {
        let mut client = Client::new(address).await;
        client.send(&placeholder(num)).await;
        client.send_binary(b"x").await;
        assert_eq!(client.end().await, ["41"], "{num}");
    }
    // A placeholder in an event without attachments is JSON like any other, and no bytes.
    let mut client = Client::new(address).await;
    client
        .send(r#"21["bytes",{"_placeholder":true,"num":0}]"#)
        .await;
    assert!(
        client
            .packet()
            .await
            .starts_with(r#"31[false,"invalid arguments"#)
    );
    still_serves(&mut client).await;
}

#[tokio::test]
async fn an_event_whose_bytes_never_come_is_given_up() {
    let config = Config {
        connect_timeout: Duration::from_millis(200),
        ..calm()
    };
    let address = serve(&echo(config)).await;
    let mut client = Client::new(address).await;
    client
        .send(
            r#"52-["bytes",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#,
        )
        .await;
    client.send_binary(b"one of two").await;
    assert_eq!(client.end().await, ["41"]);
    // Nor after one that came.
    let mut client = Client::new(address).await;
    let packet = r#"51-7["bytes",{"_placeholder":true,"num":0}]"#;
    client.send(packet).await;
    client.send_binary(b"all").await;
    assert_eq!(client.packet().await, "37[3]");
    client.send(packet).await;
    assert_eq!(client.end().await, ["41"]);
}

#[tokio::test]
async fn bytes_are_capped_together() {
    let limits = Limits {
        max_attachment_bytes: 1000,
        ..Limits::default()
    };
    let address = serve(&echo(Config { limits, ..calm() })).await;
    let mut client = Client::new(address).await;
    client
        .send(
            r#"52-["bytes",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#,
        )
        .await;
    client.send_binary(&[0; 600]).await;
    client.send_binary(&[0; 600]).await;
    assert_eq!(client.end().await, ["41"]);
}

#[tokio::test]
async fn what_would_be_kept_of_a_client_is_capped() {
    let io = echo(calm());
    io.of_dynamic(|_, _| true, |_| {});
    let address = serve(&io).await;
    let mut client = Client::new(address).await;
    let auth = |bytes: usize| format!(r#"{{"x":"{}"}}"#, "x".repeat(bytes));
    client.send(&format!("0/a,{}", auth(16 << 10))).await;
    assert_eq!(
        client.packet().await,
        r#"4/a,{"message":"The auth payload is too large"}"#
    );
    assert!(client.connect("/a", &auth(16_000)).await["sid"].is_string());
    let name = format!("/{}", "n".repeat(256));
    client.send(&format!("0{name},")).await;
    assert_eq!(
        client.packet().await,
        format!(r#"4{name},{{"message":"Invalid namespace"}}"#)
    );
    client.connect(&name[..256], "").await;
    // Nor does the log, or an answer, repeat whatever a client says.
    client
        .send(&format!(r#"21["bytes","{}"]"#, "x".repeat(100_000)))
        .await;
    assert!(client.packet().await.len() < 300);
}

#[tokio::test]
async fn who_joins_nothing_is_closed() {
    let config = Config {
        connect_timeout: Duration::from_millis(200),
        ..calm()
    };
    let io = echo(config);
    let address = serve(&io).await;
    let mut joined = Client::new(address).await;
    let mut silent = Client::open(address).await;
    silent.end().await;
    let mut refused = Client::open(address).await;
    refused.send("0/nothing,").await;
    assert_eq!(
        refused.packet().await,
        r#"4/nothing,{"message":"Invalid namespace"}"#
    );
    refused.end().await;
    still_serves(&mut joined).await;
}

#[tokio::test]
async fn a_hundred_thousand_namespaces_are_refused_one_by_one_and_nothing_is_kept() {
    let io = echo(calm());
    io.of_dynamic(|name, _| name.starts_with("/team-"), |_| {});
    let address = serve(&io).await;
    let mut client = Client::new(address).await;
    let (mut asked, mut answered) = (0, 0);
    while answered < 100_000 {
        while asked < 100_000 && asked - answered < 1000 {
            client.send(&format!("0/n{asked},")).await;
            asked += 1;
        }
        assert_eq!(
            client.packet().await,
            format!(r#"4/n{answered},{{"message":"Invalid namespace"}}"#)
        );
        answered += 1;
    }
    assert!(io.namespace("/n0").is_none());
    // Of those that a predicate makes, a connection has its share.
    for number in 0..99 {
        client.connect(&format!("/team-{number}"), "").await;
    }
    client.send("0/team-99,").await;
    assert_eq!(
        client.packet().await,
        r#"4/team-99,{"message":"Too many namespaces"}"#
    );
    assert!(io.namespace("/team-7").is_some());
    still_serves(&mut client).await;
    client.vanish();
    until("the namespaces to go with the last client", || {
        io.namespace("/team-7").is_none()
    })
    .await;
}

#[tokio::test]
async fn namespaces_that_clients_make_are_capped_in_all() {
    let io = Io::new(Config {
        max_dynamic_namespaces: 2,
        ..calm()
    });
    io.of_dynamic(
        |name, auth| name.starts_with("/team-") && auth["key"] == 1,
        |_| {},
    );
    let address = serve(&io).await;
    let (mut a, _) = Client::join(address, "/team-a", r#"{"key":1}"#).await;
    let (_b, _) = Client::join(address, "/team-b", r#"{"key":1}"#).await;
    let (_c, _) = Client::join(address, "/team-b", r#"{"key":1}"#).await;
    let mut d = Client::open(address).await;
    for auth in [r#"{"key":1}"#, r#"{"key":2}"#, ""] {
        d.send(&format!("0/team-d,{auth}")).await;
        assert_eq!(
            d.packet().await,
            r#"4/team-d,{"message":"Invalid namespace"}"#
        );
    }
    a.send("1/team-a,").await;
    until("the namespace to go", || io.namespace("/team-a").is_none()).await;
    assert!(d.connect("/team-d", r#"{"key":1}"#).await["sid"].is_string());
}

#[tokio::test]
async fn middleware_refuses_and_what_it_joined_is_undone() {
    let asked = Arc::new(AtomicUsize::new(0));
    let second = asked.clone();
    let io = Io::new(calm());
    let admin = io.of("/admin", |socket| {
        socket.emit("welcome", socket.auth()["name"].clone());
    });
    admin.middleware(async |socket: Socket| {
        socket
            .join("admins")
            .map_err(|error| ConnectError::new(error.to_string()))?;
        tokio::task::yield_now().await;
        match socket.auth()["token"].as_str() {
            Some("secret") => Ok(()),
            _ => Err(ConnectError::new("not you").with_data(json!({ "code": 7 }))),
        }
    });
    admin.middleware(move |_| {
        second.fetch_add(1, Ordering::SeqCst);
        async { Ok(()) }
    });
    let address = serve(&io).await;
    let mut client = Client::open(address).await;
    client.send(r#"0/admin,{"token":"guess"}"#).await;
    assert_eq!(
        client.packet().await,
        r#"4/admin,{"data":{"code":7},"message":"not you"}"#
    );
    assert_eq!(
        asked.load(Ordering::SeqCst),
        0,
        "the first refusal is the last word"
    );
    assert_eq!((admin.count(), admin.to("admins").sockets().len()), (0, 0));
    // The same connection may try again.
    client
        .connect("/admin", r#"{"token":"secret","name":"Ada"}"#)
        .await;
    assert_eq!(client.packet().await, r#"2/admin,["welcome","Ada"]"#);
    assert_eq!(admin.to("admins").sockets().len(), 1);
}

#[tokio::test]
async fn events_before_the_middleware_has_decided_close_the_connection() {
    let io = Io::new(calm());
    io.of("/", |_| {}).middleware(async |_| {
        std::future::pending::<()>().await;
        Ok(())
    });
    let mut client = Client::open(serve(&io).await).await;
    client.send("0").await;
    client.send(r#"2["too early"]"#).await;
    assert_eq!(client.end().await, Vec::<String>::new());
    until("the session to go", || io.engine().session_count() == 0).await;
}

#[tokio::test]
async fn a_client_that_does_not_read_does_not_hold_the_room_up() {
    let config = calm();
    let engine = engine_io::Config {
        outbound_budget: 64 * 1024,
        ..config.engine
    };
    let io = echo(Config { engine, ..config });
    let (reasons, mut heard) = mpsc::unbounded_channel();
    io.of("/", move |socket| {
        let reasons = reasons.clone();
        socket.on("echo", async |_: Socket, args: Args| args);
        socket.on_disconnect(move |_, reason| {
            let reasons = reasons.clone();
            async move { reasons.send(reason.to_string()).unwrap() }
        });
    });
    let address = serve(&io).await;
    let _deaf = Client::new(address).await;
    let mut other = Client::new(address).await;
    let main = io.namespace("/").unwrap();
    let text = "x".repeat(8000);
    let mut sent = 0;
    while main.count() == 2 {
        main.emit("news", &text);
        assert_eq!(other.packet().await.len(), 8012);
        sent += 1;
        assert!(
            sent < 10_000,
            "80 MB are queued for a client that does not read"
        );
    }
    assert_eq!(
        soon("the reason", heard.recv()).await.unwrap(),
        "slow reader"
    );
    still_serves(&mut other).await;
}

#[tokio::test]
async fn engine_id_and_socket_id_are_different() {
    let io = echo(calm());
    let address = serve(&io).await;
    let (_client, said) = Client::join(address, "/", "").await;
    let socket = io.namespace("/").unwrap().sockets().remove(0);
    assert_eq!(said["sid"], socket.id().as_str());
    assert_eq!(socket.id().as_str().len(), 20);
    let taken = format!(
        "GET /socket.io/?EIO=4&transport=polling&sid={} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        socket.id()
    );
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, taken.as_bytes())
        .await
        .unwrap();
    let mut answer = String::new();
    soon(
        "an answer",
        tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer),
    )
    .await
    .unwrap();
    assert!(
        answer.ends_with(r#"{"code":1,"message":"Session ID unknown"}"#),
        "{answer}"
    );
}

#[tokio::test]
async fn a_client_that_middleware_refuses_or_never_answers_is_closed_in_time() {
    let io = Io::new(Config {
        connect_timeout: Duration::from_millis(200),
        ..calm()
    });
    io.of("/refusing", |_| {})
        .middleware(async |_| Err(ConnectError::new("not you")));
    io.of("/silent", |_| {}).middleware(async |_| {
        std::future::pending::<()>().await;
        Ok(())
    });
    let address = serve(&io).await;
    for name in ["/refusing", "/silent"] {
        let mut client = Client::open(address).await;
        client.send(&format!("0{name},")).await;
        client.end().await;
    }
    // In one namespace, and asking for another: only that is given up.
    let mut client = Client::new(address).await;
    client.send("0/silent,").await;
    assert_eq!(client.packet().await, r#"4/silent,{"message":"timeout"}"#);
    assert_eq!(io.namespace("/").unwrap().count(), 1);
    client.vanish();
    until("all to be gone", || io.engine().session_count() == 0).await;
}

#[tokio::test]
async fn text_that_was_cut_inside_a_character_is_delivered() {
    let io = Io::new(calm());
    io.of("/", |socket| {
        socket.on("text", async |_: Socket, text: String| text);
        socket.on("value", async |_: Socket, value: serde_json::Value| value);
        socket.on("args", async |_: Socket, args: Args| args);
        socket.on("\u{fffd}", async |_: Socket| true);
        socket.on("name", async |socket: Socket| socket.auth()["name"].clone());
    });
    let address = serve(&io).await;
    let (mut client, _) = Client::join(address, "/", r#"{"name":"\ud83d"}"#).await;
    for (packet, answer) in [
        (r#"21["text","tea \ud83d"]"#, "31[\"tea \u{fffd}\"]"),
        (
            r#"22["value",{"a":["\ude00"]}]"#,
            "32[{\"a\":[\"\u{fffd}\"]}]",
        ),
        (r#"23["args","\ud83d",1e400]"#, r#"33["\ud83d",1e400]"#),
        (r#"24["\udc00"]"#, "34[true]"),
        (r#"25["name"]"#, "35[\"\u{fffd}\"]"),
    ] {
        client.send(packet).await;
        assert_eq!(client.packet().await, answer, "{packet}");
    }
    // A number that no type can hold is answered.
    for number in ["1e400", &"9".repeat(400)] {
        client.send(&format!(r#"26["value",{number}]"#)).await;
        let answer = client.packet().await;
        assert!(
            answer.starts_with(r#"36[false,"invalid arguments"#),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn bytes_come_as_bytes_or_as_an_error_and_never_as_a_placeholder() {
    let io = Io::new(calm());
    io.of("/", |socket| {
        socket.on("value", async |_: Socket, value: serde_json::Value| value);
        socket.on("first", async |_: Socket, number: u8| number);
    });
    let mut client = Client::new(serve(&io).await).await;
    let place = r#"{"_placeholder":true,"num":0}"#;
    client
        .send(&format!(r#"51-1["value",{{"a":{place}}}]"#))
        .await;
    client.send_binary(b"tea").await;
    let answer = client.packet().await;
    let wanted = r#"31[false,"invalid arguments: argument 1 has binary data"#;
    assert!(answer.starts_with(wanted), "{answer}");
    // Arguments that the handler does not ask for are none of its business.
    client.send(&format!(r#"51-2["first",7,{place}]"#)).await;
    client.send_binary(b"tea").await;
    assert_eq!(client.packet().await, "32[7]");
}

#[tokio::test]
async fn what_a_client_does_wrong_does_not_fill_the_log() {
    use std::sync::Mutex;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::INFO)
        .with_writer(move || writer.clone())
        .finish();
    let _log = tracing::subscriber::set_default(subscriber);
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload_as_str() != Some("on purpose") {
            print(panic);
        }
    }));

    let io = echo(calm());
    io.of("/panics", |socket| {
        socket.on("e", async |_: Socket| -> bool { panic!("on purpose") });
    });
    let address = serve(&io).await;
    let mut client = Client::new(address).await;
    client.connect("/panics", "").await;
    for _ in 0..1000 {
        client.send(r#"2["bytes","not bytes"]"#).await;
        client.send(r#"2/panics,["e"]"#).await;
    }
    client.send(r#"2/panics,1["e"]"#).await;
    assert_eq!(
        client.packet().await,
        r#"3/panics,1[false,"internal error"]"#
    );
    still_serves(&mut client).await;
    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(log.lines().count() <= 3, "{log}");
}
