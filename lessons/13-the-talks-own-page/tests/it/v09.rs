//! Socket.IO 0.9, request by request.

use std::time::Duration;

use engine_io::{Cookie, Cors, Hooks, ServeLimits};
use socket_io::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use websocket::{OpCode, encode_frame, encode_masked_frame};

use crate::support::{self, next, say, soon, start, start_within, started};

const CHAT: &str = r#"5:1+:/chat:{"name":"join","args":["tea"]}"#;

fn quick() -> heritage::Config {
    heritage::Config {
        polling_duration: Duration::from_millis(200),
        ..heritage::Config::default()
    }
}

#[tokio::test]
async fn the_handshake_is_one_line() {
    let server = started().await;
    let answer = server.get("/socket.io/1/?t=1").await;
    let (sid, rest) = answer.body.split_once(':').unwrap();
    assert!(sid.len() >= 16, "{sid}");
    let transports = "websocket,htmlfile,xhr-multipart,xhr-polling,jsonp-polling";
    assert_eq!(rest, format!("45:60:{transports}"));
    assert_eq!(server.io.engine().session_count(), 1);
    assert!(answer.head.contains("cache-control: no-store"));
}

#[tokio::test]
async fn a_handshake_by_script_is_for_pages_of_our_own() {
    let server = started().await;
    let path = "/socket.io/1/?jsonp=3";
    let own = format!("Referer: http://{}/room/tea", server.address);
    let ours = server.request("GET", path, &[&own], b"").await;
    assert!(ours.body.starts_with("io.j[3](\"") && ours.body.ends_with("\");"));
    let site = server
        .request("GET", path, &["Sec-Fetch-Site: same-origin"], b"")
        .await;
    assert_eq!(site.status, 200);
    for line in [
        "X-Nothing: 1",
        "Referer: http://evil.example/",
        "Referer: nonsense",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
    ] {
        let answer = server.request("GET", path, &[line], b"").await;
        assert_eq!((answer.status, &*answer.body), (403, ""), "{line}");
    }
    let both = [own.as_str(), "Sec-Fetch-Site: cross-site"];
    assert_eq!(server.request("GET", path, &both, b"").await.status, 403);
    assert_eq!(server.io.engine().session_count(), 2);
    let program = server.get("/socket.io/1/?jsonp=alert").await;
    assert_eq!(program.status, 400, "a callback is a number");
}

#[tokio::test]
async fn polls_carry_events_and_answers() {
    let server = started().await;
    let client = server.in_chat().await;
    assert_eq!(client.send(CHAT).await, "1");
    assert_eq!(client.poll().await, "6::/chat:1+[true]");
    let event = r#"5::/chat:{"name":"say","args":["tea","naïve 👋"]}"#;
    assert_eq!(client.send(event).await, "1");
    let said = r#"5::/chat:{"name":"said","args":["naïve 👋"]}"#;
    assert_eq!(client.poll().await, said);
}

#[tokio::test]
async fn several_packets_are_framed_both_ways() {
    let server = started().await;
    let client = server.in_chat().await;
    let say =
        |text: &str| format!(r#"5::/chat:{{"name":"say","args":["tea","{text}"]}}"#);
    let (first, second) = (say("thé"), say("👋"));
    let body = heritage::v09::encode_body([CHAT, &first, &second, "3:7:/chat:x"]);
    assert_eq!(client.send(&body).await, "1");
    let mut heard = Vec::new();
    while heard.len() < 4 {
        let body = client.poll().await;
        for packet in heritage::v09::decode_body(&body) {
            heard.push(packet.unwrap().to_owned());
        }
    }
    // The acknowledgement of the last is the machine's own, and may overtake.
    let own = heard.iter().position(|it| it == "6::/chat:7").unwrap();
    heard.remove(own);
    let said = |text: &str| format!(r#"5::/chat:{{"name":"said","args":["{text}"]}}"#);
    assert_eq!(
        heard,
        ["6::/chat:1+[true]".to_owned(), said("thé"), said("👋")]
    );
}

#[tokio::test]
async fn an_idle_poll_is_answered_with_a_noop() {
    let server = start(Config::default(), quick()).await;
    let client = server.in_chat().await;
    assert_eq!(client.poll().await, "8::");
    assert_eq!(client.poll().await, "8::");
    assert_eq!(client.send(CHAT).await, "1");
    assert_eq!(client.poll().await, "6::/chat:1+[true]");
}

#[tokio::test]
async fn a_second_poll_takes_the_place_of_the_first() {
    let server = started().await;
    let client = server.in_chat().await;
    let first = client.poll();
    let second = async {
        // The first one waits once it has the turn; whichever comes first, the other one
        // is let go, and the event reaches the one that stays.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let (body, _) = tokio::join!(client.poll(), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            client.send(CHAT).await
        });
        body
    };
    let (first, second) = soon("both polls", async { tokio::join!(first, second) }).await;
    assert_eq!(first, "8::");
    assert_eq!(second, "6::/chat:1+[true]");
}

#[tokio::test]
async fn the_heartbeat_is_the_servers() {
    let mut config = Config::default();
    config.engine.ping_interval = Duration::from_millis(100);
    config.engine.ping_timeout = Duration::from_millis(400);
    let server = start(config, heritage::Config::default()).await;
    let sid = server.handshake().await;
    let mut socket = server
        .websocket(&format!("/socket.io/1/websocket/{sid}"))
        .await;
    assert_eq!(next(&mut socket).await.unwrap(), "1::");
    for _ in 0..8 {
        assert_eq!(next(&mut socket).await.unwrap(), "2::");
        say(&mut socket, "2::").await;
    }
    // Longer than the timeout. Without an answer the connection ends.
    while let Some(text) = next(&mut socket).await {
        assert!(matches!(&*text, "2::" | "7:::1+0"), "{text}");
    }
    soon("the end of the session", async {
        while server.io.engine().session_count() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_websocket_carries_a_packet_in_each_message() {
    let all = heritage::Config {
        transports: heritage::v09::Transport::ALL.into(),
        ..heritage::Config::default()
    };
    let server = start(Config::default(), all).await;
    for name in ["websocket", "flashsocket"] {
        let sid = server.handshake().await;
        let mut socket = server
            .websocket(&format!("/socket.io/1/{name}/{sid}"))
            .await;
        assert_eq!(next(&mut socket).await.unwrap(), "1::");
        say(&mut socket, "1::/chat").await;
        say(&mut socket, CHAT).await;
        assert_eq!(next(&mut socket).await.unwrap(), "1::/chat");
        assert_eq!(next(&mut socket).await.unwrap(), "6::/chat:1+[true]");
        say(&mut socket, "0::").await;
        assert_eq!(next(&mut socket).await.unwrap(), "0::");
        assert_eq!(next(&mut socket).await, None);
    }
}

#[tokio::test]
async fn a_websocket_ends_with_one_close_frame() {
    let server = started().await;
    let close = encode_masked_frame(OpCode::Close, [0; 4], &1000_u16.to_be_bytes());
    let unmasked = encode_frame(OpCode::Text, b"2::");
    for (sent, answer) in [(close, 1000_u16), (unmasked, 1002)] {
        let sid = server.handshake().await;
        let path = format!("/socket.io/1/websocket/{sid}");
        let mut socket = server.websocket(&path).await;
        assert_eq!(next(&mut socket).await.unwrap(), "1::");
        let stream = socket.get_mut();
        stream.write_all(&sent).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut rest = Vec::new();
        let read = soon("the end", stream.read_to_end(&mut rest)).await;
        read.unwrap();
        assert_eq!(rest[..2], [0x88, u8::try_from(rest.len()).unwrap() - 2]);
        assert_eq!(rest[2..4], answer.to_be_bytes());
    }
}

#[tokio::test]
async fn unknown_sessions_are_told_to_reconnect() {
    let server = started().await;
    let unknown = "7:::1+0";
    assert_eq!(
        server.get("/socket.io/1/xhr-polling/nobody").await.body,
        unknown
    );
    assert_eq!(
        server
            .post("/socket.io/1/xhr-polling/nobody", "2::")
            .await
            .body,
        unknown
    );
    let script = server.get("/socket.io/1/jsonp-polling/nobody?i=2").await;
    assert_eq!(script.body, "io.j[2](\"7:::1+0\");");
    let mut socket = server.websocket("/socket.io/1/websocket/nobody").await;
    assert_eq!(next(&mut socket).await.unwrap(), unknown);
    assert_eq!(next(&mut socket).await, None);
}

#[tokio::test]
async fn goodbyes_end_the_session() {
    let server = started().await;
    for (method, goodbye) in [
        ("GET", "/socket.io/1/xhr-polling/SID?disconnect=1"),
        ("GET", "/socket.io/1//SID/?disconnect=1"),
    ] {
        let client = server.in_chat().await;
        let path = goodbye.replace("SID", &client.sid);
        assert_eq!(server.request(method, &path, &[], b"").await.status, 200);
        assert_eq!(server.io.engine().session_count(), 0, "{goodbye}");
    }
    let client = server.in_chat().await;
    assert_eq!(client.send("0::").await, "1");
    assert_eq!(server.io.engine().session_count(), 0);
    assert_eq!(client.poll().await, "0::");
    assert_eq!(
        client.poll().await,
        "7:::1+0",
        "it was told, and is forgotten"
    );
}

#[tokio::test]
async fn a_poll_ends_with_the_client_that_waits() {
    let hour = heritage::Config {
        polling_duration: Duration::from_secs(3600),
        ..heritage::Config::default()
    };
    // One connection at a time: a poll that went on without its client would keep the
    // next one out.
    let limits = ServeLimits {
        connections: 1,
        ..ServeLimits::default()
    };
    let server = start_within(Config::default(), hour, limits).await;
    let client = server.in_chat().await;
    let mut stream = server.connect().await;
    let poll = format!("GET {} HTTP/1.1\r\nHost: a\r\n\r\n", client.path);
    stream.write_all(poll.as_bytes()).await.unwrap();
    drop(stream);
    assert_eq!(client.send("2::").await, "1");
}

#[tokio::test]
async fn a_body_that_breaks_off_ends_the_session() {
    let server = started().await;
    let client = server.in_chat().await;
    server.half_a_body(&client.path).await;
    let ended = async {
        while server.io.engine().session_count() > 0 {
            tokio::task::yield_now().await;
        }
    };
    soon("the end of the session", ended).await;
}

#[tokio::test]
async fn a_client_that_is_put_out_is_told_not_to_come_back() {
    let server = started().await;
    let client = server.in_chat().await;
    client.send(r#"5::/chat:{"name":"out"}"#).await;
    let mut heard = Vec::new();
    while !heard.contains(&"0::".to_owned()) {
        let body = client.poll().await;
        assert_ne!(body, "7:::1+0", "that is the advice to come back");
        let packets = heritage::v09::decode_body(&body);
        heard.extend(packets.map(|packet| packet.unwrap().to_owned()));
    }
}

#[tokio::test]
async fn jsonp_polls_are_scripts_and_its_posts_are_forms() {
    let server = started().await;
    let sid = server.handshake().await;
    let path = format!("/socket.io/1/jsonp-polling/{sid}?t=1&i=1");
    let open = server.get(&path).await;
    assert_eq!(open.body, "io.j[1](\"1::\");");
    assert!(open.head.contains("content-type: text/javascript"));
    assert!(open.head.contains("x-content-type-options: nosniff"));
    let packet = serde_json::to_string("1::/chat").unwrap();
    let form: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("d", &packet)
        .finish();
    assert_eq!(server.post(&path, &form).await.body, "1");
    assert_eq!(server.get(&path).await.body, "io.j[1](\"1::/chat\");");
    assert_eq!(server.post(&path, "d=nonsense").await.status, 400);
}

/// Reads a response that does not end until it has this text.
async fn read_until(server: &support::TestServer, path: &str, sid: &str) -> String {
    let mut stream = server.connect().await;
    let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", server.address);
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut text = String::new();
    let mut sent = false;
    soon("the events of a stream", async {
        while !text.contains("naïve") {
            let mut bytes = [0; 4096];
            let len = stream.read(&mut bytes).await.unwrap();
            assert_ne!(len, 0, "the stream ended: {text}");
            text.push_str(&String::from_utf8_lossy(&bytes[..len]));
            if !sent && text.contains("1::") {
                sent = true;
                let body = heritage::v09::encode_body([
                    "1::/chat",
                    CHAT,
                    r#"5::/chat:{"name":"say","args":["tea","</script>naïve"]}"#,
                ]);
                let post = format!("/socket.io/1/xhr-polling/{sid}");
                assert_eq!(server.post(&post, &body).await.body, "1");
            }
        }
    })
    .await;
    text
}

#[tokio::test]
async fn the_forever_iframe_has_a_script_for_each_packet() {
    let server = started().await;
    let sid = server.handshake().await;
    let text = read_until(&server, &format!("/socket.io/1/htmlfile/{sid}"), &sid).await;
    assert!(
        text.contains("<html><body><script>var _ = function (msg)"),
        "{text}"
    );
    assert!(text.contains("<script>_(\"1::\");</script>"), "{text}");
    assert!(
        !text.contains("</script>naïve"),
        "a message ends the element: {text}"
    );
    assert!(text.contains("\\u003c\\/script>naïve"), "{text}");
}

#[tokio::test]
async fn multipart_has_a_part_for_each_packet() {
    let server = started().await;
    let sid = server.handshake().await;
    let text =
        read_until(&server, &format!("/socket.io/1/xhr-multipart/{sid}"), &sid).await;
    assert!(text.contains("multipart/x-mixed-replace; boundary=\"socketio\""));
    // In between are the sizes of the chunks.
    assert!(text.contains("--socketio\r\n"));
    let part = "Content-Type: text/plain; charset=utf-8\r\n\r\n1::\r\n--socketio\r\n";
    assert!(text.contains(part), "{text}");
}

#[tokio::test]
async fn pages_of_other_origins_are_refused() {
    let server = started().await;
    let evil = ["Origin: http://evil.example"];
    let answer = server.request("GET", "/socket.io/1/", &evil, b"").await;
    assert_eq!(answer.status, 403);
    assert!(!answer.head.contains("access-control"));
    let client = server.in_chat().await;
    let post = server.request("POST", &client.path, &evil, b"0::").await;
    assert_eq!(post.status, 403);
    assert_eq!(server.io.engine().session_count(), 1, "it is still there");
    let program = [format!("Origin: {}", server.address)];
    let program = program.each_ref().map(String::as_str);
    let answer = server.request("GET", "/socket.io/1/", &program, b"").await;
    assert_eq!(
        answer.status, 200,
        "a program of 2013 names its host, without a scheme"
    );
    let other = ["Origin: evil.example"];
    assert_eq!(
        server
            .request("GET", "/socket.io/1/", &other, b"")
            .await
            .status,
        403
    );
    let mut config = Config::default();
    config.engine.cors = Cors::Origins(vec!["http://friend.example".into()]);
    let server = start(config, heritage::Config::default()).await;
    let friend = ["Origin: http://friend.example"];
    let answer = server.request("GET", "/socket.io/1/", &friend, b"").await;
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .head
            .contains("access-control-allow-origin: http://friend.example")
    );
}

#[tokio::test]
async fn the_servers_limits_hold() {
    let mut config = Config::default();
    config.engine.max_sessions_per_address = 2;
    config.engine.max_payload = 1000;
    let server = start(config, heritage::Config::default()).await;
    let client = server.in_chat().await;
    let large = format!("3::/chat:{}", "x".repeat(2000));
    assert_eq!(server.post(&client.path, &large).await.status, 413);
    server.handshake().await;
    assert_eq!(server.get("/socket.io/1/").await.status, 429);
    let sid = &client.sid;
    let mut socket = server
        .websocket(&format!("/socket.io/1/websocket/{sid}"))
        .await;
    say(&mut socket, &large).await;
    while next(&mut socket).await.is_some() {}
    soon("the end of the session", async {
        while server.io.engine().session_count() > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_applications_headers_and_the_cookie_are_on_responses() {
    let mut config = Config::default();
    config.engine.cookie = Some(Cookie::default());
    let add = |name: &'static str| {
        move |headers: &mut http::HeaderMap, request: &engine_io::RequestHead| {
            let value = http::HeaderValue::try_from(&*request.path).unwrap();
            headers.insert(name, value);
        }
    };
    config.engine.hooks = Hooks::default()
        .initial_headers(add("x-first"))
        .headers(add("x-each"));
    let server = start(config, heritage::Config::default()).await;
    let first = server.get("/socket.io/1/").await;
    let sid = heritage::v09::Handshake::parse(&first.body).unwrap().sid;
    assert!(
        first.head.contains("x-first: /socket.io/1/\r\n"),
        "{first:?}"
    );
    assert!(first.head.contains("x-each: /socket.io/1/"), "{first:?}");
    let cookie = format!("set-cookie: io={}; ", sid.to_lowercase());
    assert!(first.head.contains(&cookie), "{first:?}");

    let poll = server.get(&format!("/socket.io/1/xhr-polling/{sid}")).await;
    assert!(
        poll.head.contains("x-each: /socket.io/1/xhr-polling/"),
        "{poll:?}"
    );
    for absent in ["x-first", "set-cookie"] {
        assert!(!poll.head.contains(absent), "{poll:?}");
    }
    let refused = server.get("/socket.io/1/telepathy/x").await;
    assert_eq!(refused.status, 400);
    assert!(!refused.head.contains("x-each"), "{refused:?}");

    let open = server.get("/socket.io/?EIO=3&transport=polling").await;
    for present in ["x-first: ", "x-each: ", "set-cookie: io="] {
        assert!(open.head.contains(present), "{open:?}");
    }
    // A session that opens with a WebSocket has one connection, and needs no cookie.
    let mut stream = server.connect().await;
    let request = "GET /socket.io/?EIO=3&transport=websocket HTTP/1.1\r\nHost: a\r\n\
        Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        head.push(soon("a head", stream.read_u8()).await.unwrap().into());
    }
    let head = head.to_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    assert!(
        head.contains("x-first: ") && head.contains("x-each: "),
        "{head}"
    );
    assert!(!head.contains("set-cookie"), "{head}");
}

#[tokio::test]
async fn the_applications_check_is_asked() {
    let mut config = Config::default();
    config.engine.hooks = Hooks::default().allow_request(async |request| {
        let has_token = request.query_pairs().any(|(name, _)| name == "token");
        has_token.then_some(()).ok_or("a token is missing")
    });
    let server = start(config, heritage::Config::default()).await;
    assert_eq!(server.get("/socket.io/1/").await.status, 403);
    assert_eq!(server.get("/socket.io/1/?token=tea").await.status, 200);
}

#[tokio::test]
async fn broken_bodies_end_the_session() {
    let server = started().await;
    for body in ["nonsense", "\u{fffd}9\u{fffd}2::", "5::/chat:{\"name\":1}"] {
        let client = server.in_chat().await;
        assert_eq!(
            server.post(&client.path, body).await.status,
            400,
            "{body:?}"
        );
        assert_eq!(server.io.engine().session_count(), 0, "{body:?}");
    }
    let client = server.in_chat().await;
    let bytes = server.request("POST", &client.path, &[], b"3:::\xff").await;
    assert_eq!(bytes.status, 400);
}

#[tokio::test]
async fn what_is_no_address_of_0_9_is_refused() {
    let server = started().await;
    for path in [
        "/socket.io/1/telepathy/x",
        "/socket.io/1/flashsocket/x",
        "/socket.io/1/xhr-polling",
        "/socket.io/1/xhr-polling/x/y",
        "/socket.io/1/websocket/x",
        "/socket.io/1/jsonp-polling/x?i=alert",
    ] {
        assert_eq!(server.get(path).await.status, 400, "{path}");
    }
    // Of these, each would be answered if the header and the path were not compared, or
    // if a transport could be used that is not offered.
    let client = server.in_chat().await;
    let upgrade = [
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    for transport in ["xhr-polling", "flashsocket"] {
        let path = format!("/socket.io/1/{transport}/{}", client.sid);
        assert_eq!(
            server.request("GET", &path, &upgrade, b"").await.status,
            400
        );
    }
    let put = server
        .request("PUT", "/socket.io/1/xhr-polling/x", &[], b"")
        .await;
    assert_eq!(put.status, 405);
    let today = server.get("/socket.io/?EIO=4&transport=polling").await;
    assert!(
        today.body.starts_with("0{"),
        "today's clients go past: {today:?}"
    );
}

#[tokio::test]
async fn a_protocol_that_is_off_is_not_there() {
    let config = heritage::Config {
        protocols: heritage::Protocols {
            v09: false,
            v3: false,
        },
        ..heritage::Config::default()
    };
    let server = start(Config::default(), config).await;
    assert_eq!(server.get("/socket.io/1/").await.status, 400);
    let answer = server.get("/socket.io/?EIO=3&transport=polling").await;
    assert!(
        answer.body.contains("Unsupported protocol version"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_client_that_does_not_read_has_a_limit() {
    let mut config = Config::default();
    config.engine.outbound_budget = 10_000;
    let server = start(config, heritage::Config::default()).await;
    let client = server.in_chat().await;
    // Each of these is acknowledged by the machine, and nobody fetches that.
    let mut sent = 0;
    while server.io.engine().session_count() > 0 {
        client.send("3:1:/chat:x").await;
        sent += 1;
        assert!(sent < 1000, "acknowledgements are kept without a limit");
    }
    assert!(sent > 50, "{sent}");
}

#[tokio::test]
async fn sessions_that_have_ended_are_forgotten() {
    let server = started().await;
    let client = server.in_chat().await;
    client.send("0::").await;
    soon("the gateway to forget", async {
        // By POST: a poll would forget the session itself.
        while client.send("2::").await != "7:::1+0" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}
