//! The client against this library's own server, over TCP.
#![cfg(feature = "client")]

use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine_io::ServeLimits;
use serde_json::{Value, json};
use socket_io::client::{
    Client, Config, ConnectFailure, DisconnectReason, EmitError, Offline, Reconnect,
    Socket,
};
use socket_io::{AckError, Args, Binary, ConnectError, Io, Recovery};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

use crate::support::{self, calm, serve, soon, until};

fn quick() -> Config {
    Config {
        reconnect: Some(Reconnect {
            first_delay: Duration::from_millis(10),
            max_delay: Duration::from_millis(50),
            ..Reconnect::default()
        }),
        ..Config::default()
    }
}

fn client(address: SocketAddr, config: Config) -> Client {
    Client::new(&format!("http://{address}"), config).unwrap()
}

/// Everything that happens to a socket, in words.
fn listen(socket: &Socket) -> mpsc::UnboundedReceiver<String> {
    let (said, hears) = mpsc::unbounded_channel();
    let tell = said.clone();
    socket.on_connect(move |socket: Socket| {
        let how = if socket.recovered() {
            "recovered"
        } else {
            "connected"
        };
        let _ = tell.send(how.to_owned());
        async {}
    });
    let tell = said.clone();
    socket.on_connect_error(move |_, error| {
        let _ = tell.send(error.to_string());
        async {}
    });
    let tell = said.clone();
    socket.on_disconnect(move |_, reason: DisconnectReason| {
        let _ = tell.send(reason.to_string());
        async {}
    });
    socket.on_any(move |_, event, args: Args| {
        let _ = said.send(format!("{event}{}", args.json()));
        async {}
    });
    hears
}

async fn hear(hears: &mut mpsc::UnboundedReceiver<String>) -> String {
    soon("news", hears.recv()).await.expect("the client lives")
}

/// A server that can be ended.
struct Server {
    io: Io,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
}

impl Server {
    async fn start(io: Io, address: SocketAddr) -> Self {
        // The port may still be in use for a moment.
        let listener = soon("the port", async {
            loop {
                if let Ok(listener) = TcpListener::bind(address).await {
                    return listener;
                }
                tokio::task::yield_now().await;
            }
        })
        .await;
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (filter, limits) = (io.filter(), ServeLimits::default());
        tokio::spawn(engine_io::run(listener, filter, limits, async {
            drop(stopped.await);
        }));
        Self { io, address, stop }
    }

    async fn end(self) -> SocketAddr {
        let Self { io, address, stop } = self;
        drop(stop);
        io.shutdown(Duration::from_secs(5)).await;
        address
    }
}

fn anywhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

#[tokio::test]
async fn events_answers_and_bytes_go_both_ways() {
    let io = Io::new(calm());
    io.of("/", |socket| {
        socket.on("echo", async |_: socket_io::Socket, args: Args| args);
        socket.on(
            "ask me",
            async |socket: socket_io::Socket| -> Result<Args, AckError> {
                socket.emit_with_ack("question", ("six", 7)).await
            },
        );
        socket.on("panic", async |socket: socket_io::Socket| {
            let answer = socket.emit_with_ack::<Args>("panics", ()).await;
            answer.map(|args| args.json().to_owned())
        });
    });
    let client = client(serve(&io).await, quick());
    let socket = client.of("/");
    socket.on("question", async |_: Socket, a: String, b: u32| {
        (a, b, Binary::from(vec![0, 255]))
    });
    socket.on("panics", async |_: Socket| -> bool { panic!("on purpose") });
    soon("the connection", socket.connect()).await.unwrap();
    assert!(socket.connected() && !socket.recovered());
    assert_eq!(client.of("/").id(), socket.id(), "the same socket");
    let bytes = Binary::from(&b"\x00\xff\x80"[..]);
    let echoed: (u8, Binary, Value) = socket
        .emit_with_ack("echo", (7, bytes.clone(), json!({ "a": [null] })))
        .await
        .unwrap();
    assert_eq!(echoed, (7, bytes, json!({ "a": [null] })));
    let answer: (String, u32, Binary) = socket.emit_with_ack("ask me", ()).await.unwrap();
    assert_eq!(answer, ("six".into(), 7, Binary::from(vec![0, 255])));
    let answer: String = socket.emit_with_ack("panic", ()).await.unwrap();
    assert_eq!(answer, r#"[false,"internal error"]"#);
    socket.off("question");
    let answer = socket
        .emit_with_ack::<bool>("nobody listens", ())
        .timeout(Duration::from_millis(50));
    assert!(matches!(answer.await, Err(AckError::Timeout)));
    assert_eq!(socket.emit("connect", ()), Err(EmitError::NotSent));
}

#[tokio::test]
async fn a_handler_can_wait_for_an_answer_and_events_keep_their_order() {
    let io = Io::new(calm());
    io.of("/", |socket| {
        socket.on("double", async |_: socket_io::Socket, number: u32| {
            number * 2
        });
        for number in 0..100 {
            socket.emit("number", number);
        }
    });
    let client = client(serve(&io).await, quick());
    let socket = client.of("/");
    let (said, mut heard) = mpsc::unbounded_channel();
    socket.on("number", move |socket: Socket, number: u32| {
        let said = said.clone();
        async move {
            let doubled: u32 = socket.emit_with_ack("double", number).await.unwrap();
            said.send(doubled).unwrap();
        }
    });
    socket.open();
    for number in 0..100 {
        assert_eq!(soon("a number", heard.recv()).await, Some(number * 2));
    }
}

#[tokio::test]
async fn namespaces_share_a_connection_and_a_refusal_is_told_with_its_data() {
    let io = Io::new(calm());
    io.of("/", |socket| socket.emit("welcome", "main"));
    io.of("/admin", |socket| socket.emit("welcome", "admin"))
        .middleware(async |socket: socket_io::Socket| {
            if socket.auth()["token"] == "secret" {
                return Ok(());
            }
            Err(ConnectError::new("not authorized").with_data(json!({ "code": 7 })))
        });
    let client = client(serve(&io).await, quick());
    let (main, admin) = (client.of("/"), client.of("admin"));
    let (mut to_main, mut to_admin) = (listen(&main), listen(&admin));
    soon("main", main.connect()).await.unwrap();
    let refused = soon("the refusal", admin.connect()).await;
    let Err(ConnectFailure::Refused(error)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(
        (&*error.message, error.data),
        ("not authorized", Some(json!({ "code": 7 })))
    );
    assert_eq!(hear(&mut to_admin).await, "refused: not authorized");
    assert_eq!(admin.emit("x", ()), Err(EmitError::NotConnected));
    assert!(admin.set_auth("secret").is_err(), "not an object");
    admin.set_auth(json!({ "token": "secret" })).unwrap();
    soon("admin", admin.connect()).await.unwrap();
    assert_eq!(hear(&mut to_admin).await, "connected");
    assert_eq!(hear(&mut to_admin).await, r#"welcome["admin"]"#);
    assert_eq!(hear(&mut to_main).await, "connected");
    assert_eq!(hear(&mut to_main).await, r#"welcome["main"]"#);
    assert_eq!(io.engine().session_count(), 1);
    let unknown = soon("the refusal", client.of("/unknown").connect()).await;
    assert_eq!(
        unknown.unwrap_err().to_string(),
        "refused: Invalid namespace"
    );
    main.disconnect();
    assert_eq!(hear(&mut to_main).await, "io client disconnect");
    assert!(admin.connected());
    admin.disconnect();
    until("the session has ended", || io.engine().session_count() == 0).await;
}

#[tokio::test]
async fn a_client_comes_back_after_a_restart_and_loses_and_doubles_nothing_acknowledged()
{
    let stored = Arc::new(Mutex::new(Vec::new()));
    let app = || {
        let stored = stored.clone();
        let io = Io::new(calm());
        io.of("/", move |socket| {
            let stored = stored.clone();
            socket.on("store", move |_: socket_io::Socket, number: u32| {
                stored.lock().unwrap().push(number);
                async { true }
            });
        });
        io
    };
    let mut server = Server::start(app(), anywhere()).await;
    let client = client(server.address, quick());
    let socket = client.of("/");
    soon("the connection", socket.connect()).await.unwrap();
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let writer = tokio::spawn({
        let (socket, acknowledged) = (socket.clone(), acknowledged.clone());
        async move {
            for number in 0..300_u32 {
                let answer = socket.emit_with_ack::<bool>("store", number).await;
                match answer {
                    Ok(true) => acknowledged.lock().unwrap().push(number),
                    Err(AckError::Disconnected) => {}
                    other => panic!("{other:?}"),
                }
            }
        }
    });
    for round in 1..=2 {
        until("some are stored", || {
            acknowledged.lock().unwrap().len() > 60 * round
        })
        .await;
        let address = server.end().await;
        server = Server::start(app(), address).await;
    }
    soon("the last answer", writer).await.unwrap();
    let (stored, acknowledged) = (stored.lock().unwrap(), acknowledged.lock().unwrap());
    assert!(acknowledged.len() >= 290, "{}", acknowledged.len());
    assert!(
        stored.windows(2).all(|pair| pair[0] < pair[1]),
        "in order, and once"
    );
    let lost: Vec<_> = acknowledged
        .iter()
        .filter(|it| !stored.contains(it))
        .collect();
    assert!(lost.is_empty(), "acknowledged, and not stored: {lost:?}");
}

#[tokio::test]
async fn events_that_were_emitted_offline_are_sent_in_order_or_refused() {
    let io = Io::new(calm());
    let (said, mut heard) = mpsc::unbounded_channel();
    io.of("/", move |socket| {
        let said = said.clone();
        socket.on("number", move |_: socket_io::Socket, number: u32| {
            said.send(number).unwrap();
            async {}
        });
    });
    let server = Server::start(io, anywhere()).await;
    let address = server.address;
    let refusing = client(
        address,
        Config {
            offline: Offline::Refuse,
            ..quick()
        },
    )
    .of("/");
    assert_eq!(refusing.emit("number", 0), Err(EmitError::NotConnected));
    let socket = client(address, quick()).of("/");
    assert_eq!(
        socket.emit("number", 0),
        Err(EmitError::NotConnected),
        "not opened"
    );
    socket.open();
    refusing.open();
    assert_eq!(refusing.emit("number", 0), Err(EmitError::NotConnected));
    for number in 1..=50 {
        socket.emit("number", number).unwrap();
    }
    assert!(!socket.emit_volatile("number", 51));
    for number in 1..=50 {
        assert_eq!(soon("a number", heard.recv()).await, Some(number));
    }
    assert!(socket.emit_volatile("number", 52));
    assert_eq!(soon("a number", heard.recv()).await, Some(52));
    drop(server);
}

#[tokio::test]
async fn a_client_that_was_away_gets_what_it_missed() {
    let io = Io::new(socket_io::Config {
        recovery: Some(Recovery::default()),
        ..calm()
    });
    let main = io.of("/", |socket| socket.join("room").unwrap());
    let address = serve(&io).await;
    // The connections that the client makes pass by here, and can be cut.
    let cut = Arc::new(tokio::sync::Notify::new());
    let open = Arc::new(AtomicUsize::new(0));
    let client = {
        let (cut, open) = (cut.clone(), open.clone());
        Client::with_dialer("http://localhost", quick(), move || {
            let (cut, open) = (cut.clone(), open.clone());
            async move {
                let mut server = TcpStream::connect(address).await?;
                let (ours, mut theirs) = tokio::io::duplex(1 << 16);
                open.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut theirs, &mut server) => {}
                        () = cut.notified() => {}
                    }
                    open.fetch_sub(1, Ordering::Relaxed);
                });
                Ok(ours)
            }
        })
        .unwrap()
    };
    let socket = client.of("/");
    let mut hears = listen(&socket);
    soon("the connection", socket.connect()).await.unwrap();
    let id = socket.id();
    assert_eq!(hear(&mut hears).await, "connected");
    for round in 0..3 {
        main.to("room").emit("news", round);
        assert!(
            hear(&mut hears)
                .await
                .starts_with(&format!("news[{round},"))
        );
        cut.notify_one();
        until("the connection is cut", || {
            open.load(Ordering::Relaxed) == 0
        })
        .await;
        main.to("room").emit("missed", round);
        assert_eq!(hear(&mut hears).await, "transport close");
        assert_eq!(hear(&mut hears).await, "recovered");
        assert!(
            hear(&mut hears)
                .await
                .starts_with(&format!("missed[{round},"))
        );
        assert_eq!(socket.id(), id);
    }
}

#[tokio::test]
async fn a_client_that_the_server_puts_out_comes_back_only_when_it_is_told_to() {
    let io = Io::new(calm());
    io.of("/", |socket| {
        socket.on("out", async |socket: socket_io::Socket| socket.disconnect());
        socket.on("all out", async |socket: socket_io::Socket| {
            socket.disconnect_all();
        });
    });
    let client = client(serve(&io).await, quick());
    let socket = client.of("/");
    let mut hears = listen(&socket);
    for event in ["out", "all out"] {
        soon("the connection", socket.connect()).await.unwrap();
        assert_eq!(hear(&mut hears).await, "connected");
        let asked = socket.emit_with_ack::<bool>(event, ());
        assert_eq!(hear(&mut hears).await, "io server disconnect");
        assert!(matches!(asked.await, Err(AckError::Disconnected)));
        until("the session has ended", || io.engine().session_count() == 0).await;
        assert!(!socket.connected());
    }
    assert!(hears.try_recv().is_err(), "it does not come back by itself");
}

#[tokio::test]
async fn an_address_without_a_server_is_tried_again_or_given_up() {
    let listener = TcpListener::bind(anywhere()).await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let attempts = Config {
        reconnect: Some(Reconnect {
            attempts: Some(2),
            ..quick().reconnect.unwrap()
        }),
        ..quick()
    };
    let socket = client(address, attempts).of("/");
    let mut hears = listen(&socket);
    let failed = soon("the end of the attempts", socket.connect()).await;
    assert!(matches!(failed, Err(ConnectFailure::GaveUp)), "{failed:?}");
    for _ in 0..3 {
        assert!(hear(&mut hears).await.starts_with("no connection: "));
    }
    assert_eq!(hear(&mut hears).await, "given up after too many attempts");
    let once = Config {
        reconnect: None,
        ..quick()
    };
    let failed = soon("the failure", client(address, once).of("/").connect()).await;
    assert!(
        matches!(failed, Err(ConnectFailure::Unreachable(_))),
        "{failed:?}"
    );
}

#[tokio::test]
async fn what_is_not_a_socket_io_server_is_not_taken_for_one() {
    for answer in [
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
        "220 smtp.example ESMTP\r\n",
        "",
    ] {
        let listener = TcpListener::bind(anywhere()).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
            let _ = stream.write_all(answer.as_bytes()).await;
        });
        let config = Config {
            reconnect: None,
            ..Config::default()
        };
        let failed = soon(answer, client(address, config).of("/").connect()).await;
        assert!(
            matches!(failed, Err(ConnectFailure::Unreachable(_))),
            "{failed:?}"
        );
    }
}

#[tokio::test]
async fn close_sends_what_was_emitted_and_says_goodbye() {
    let io = Io::new(calm());
    let (said, mut heard) = mpsc::unbounded_channel();
    io.of("/", move |socket| {
        let (events, ends) = (said.clone(), said.clone());
        socket.on("last words", move |_: socket_io::Socket, text: String| {
            events.send(text).unwrap();
            async {}
        });
        socket.on_disconnect(move |_, reason| {
            ends.send(reason.to_string()).unwrap();
            async {}
        });
    });
    let client = client(serve(&io).await, quick());
    let socket = client.of("/");
    let mut hears = listen(&socket);
    soon("the connection", socket.connect()).await.unwrap();
    assert_eq!(hear(&mut hears).await, "connected");
    for _ in 0..100 {
        socket.emit("last words", "x".repeat(10_000)).unwrap();
    }
    client.close(support::PATIENCE).await;
    assert_eq!(hear(&mut hears).await, "io client disconnect");
    assert_eq!(
        soon("the end", hears.recv()).await,
        None,
        "the handlers are gone"
    );
    for _ in 0..100 {
        assert_eq!(soon("words", heard.recv()).await.unwrap().len(), 10_000);
    }
    let end = soon("the end", heard.recv()).await.unwrap();
    assert_eq!(end, "client namespace disconnect");
    until("the session has ended", || io.engine().session_count() == 0).await;
    assert_eq!(socket.emit("x", ()), Err(EmitError::NotConnected));
    assert!(soon("a refusal", socket.connect()).await.is_err());
    assert!(
        soon("a refusal", client.of("/new").connect())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn the_connection_ends_with_the_last_handle() {
    let io = Io::new(calm());
    let address = serve(&io).await;
    let socket = client(address, quick()).of("/");
    soon("the connection", socket.connect()).await.unwrap();
    assert_eq!(io.engine().session_count(), 1);
    drop(socket);
    until("the session has ended", || io.engine().session_count() == 0).await;
}

#[tokio::test]
async fn a_url_or_a_header_that_is_not_one_is_refused() {
    for url in [
        "localhost:5000",
        "https://localhost",
        "http://localhost/chat",
    ] {
        assert!(Client::new(url, Config::default()).is_err(), "{url}");
    }
    let config = Config {
        headers: vec![("Cookie".into(), "a=b\r\nEvil: yes".into())],
        ..Config::default()
    };
    assert!(Client::new("http://localhost", config).is_err());
    let io = Io::new(calm());
    io.of("/", |socket| {
        let cookie = socket.handshake().header("cookie").map(str::to_owned);
        socket.emit("seen", (cookie, socket.handshake().query.clone()));
    });
    let config = Config {
        headers: vec![("Cookie".into(), "user=ann".into())],
        query: "room=lobby".into(),
        ..quick()
    };
    let socket = client(serve(&io).await, config).of("/");
    let mut hears = listen(&socket);
    socket.open();
    assert_eq!(hear(&mut hears).await, "connected");
    let seen = r#"seen["user=ann","EIO=4&transport=websocket&room=lobby"]"#;
    assert_eq!(hear(&mut hears).await, seen);
}

/// A server that says what a test wants, in memory: it reads the request, answers it, and
/// lets the client into `/`.
fn scripted<F, Fut>(config: Config, script: F) -> Client
where
    F: Fn(tokio::io::DuplexStream) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let script = Arc::new(script);
    let dialer = move || {
        let (ours, mut theirs) = tokio::io::duplex(1 << 16);
        let script = script.clone();
        tokio::spawn(async move {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                theirs.read_buf(&mut request).await.unwrap();
            }
            let request = String::from_utf8(request).unwrap();
            let (_, key) = request.split_once("Sec-WebSocket-Key: ").unwrap();
            let accept = websocket::accept_key(key.lines().next().unwrap());
            let head = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
                 Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
            );
            // The first frames come with the response.
            let mut start = head.into_bytes();
            start.extend_from_slice(&text(
                r#"0{"pingInterval":25000,"pingTimeout":20000}"#,
            ));
            theirs.write_all(&start).await.unwrap();
            // The client asks for its namespace.
            assert!(theirs.read(&mut [0; 1024]).await.unwrap() > 0);
            let joined = text(r#"40{"sid":"scripted"}"#);
            theirs.write_all(&joined).await.unwrap();
            script(theirs).await;
        });
        async { Ok(ours) }
    };
    Client::with_dialer("http://localhost", config, dialer).unwrap()
}

fn text(packet: &str) -> bytes::Bytes {
    websocket::encode_frame(websocket::OpCode::Text, packet.as_bytes())
}

#[tokio::test(start_paused = true)]
async fn a_server_faster_than_the_handlers_has_to_wait() {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let client = scripted(Config::default(), move |mut stream| {
        let sent = count.clone();
        async move {
            let event = text(&format!(r#"42["e","{}"]"#, "x".repeat(1000)));
            while stream.write_all(&event).await.is_ok() {
                sent.fetch_add(event.len(), Ordering::Relaxed);
            }
        }
    });
    let socket = client.of("/");
    socket.on("e", async |_: Socket| std::future::pending::<()>().await);
    socket.connect().await.unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
    let sent = sent.load(Ordering::Relaxed);
    assert!((100_000..400_000).contains(&sent), "{sent} bytes");
    assert!(socket.connected(), "its pings are behind the events");
}

#[tokio::test(start_paused = true)]
async fn a_message_over_the_limit_ends_the_connection_before_it_is_here() {
    let client = scripted(quick(), |mut stream| async move {
        let mut header = Vec::new();
        websocket::FrameHeader {
            fin: true,
            opcode: websocket::OpCode::Text,
            mask: None,
            len: 1_000_001,
        }
        .write_to(&mut header);
        stream.write_all(&header).await.unwrap();
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said).await;
    });
    let socket = client.of("/");
    let mut hears = listen(&socket);
    socket.open();
    for _ in 0..3 {
        assert_eq!(hear(&mut hears).await, "connected");
        assert_eq!(hear(&mut hears).await, "transport error");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_falls_silent_is_left_after_its_own_heartbeat() {
    let client = scripted(quick(), |stream| async move {
        tokio::time::sleep(Duration::from_secs(3600)).await;
        drop(stream);
    });
    let socket = client.of("/");
    let mut hears = listen(&socket);
    let start = tokio::time::Instant::now();
    socket.open();
    assert_eq!(hears.recv().await.unwrap(), "connected");
    assert_eq!(hears.recv().await.unwrap(), "ping timeout");
    assert_eq!(start.elapsed().as_secs(), 45);
    assert_eq!(hears.recv().await.unwrap(), "connected");
}
