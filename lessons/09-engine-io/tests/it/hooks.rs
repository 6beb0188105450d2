//! The application's hooks, the cookie, the rule for origins, and the request that a
//! session remembers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine_io::{
    Config, ConnectionError, Cookie, Cors, CorsHeaders, Hooks, Refusal, RequestHead,
};
use futures_util::SinkExt;
use http::{HeaderName, HeaderValue, Method};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Error;

use crate::support::{self, Frame, calm, soon, start};

const POLLING: &str = "EIO=4&transport=polling";
const WEBSOCKET: &str = "EIO=4&transport=websocket";

fn with(hooks: Hooks) -> Config {
    Config { hooks, ..calm() }
}

/// Lets in those who bring `?token=tea`.
fn guarded() -> Hooks {
    Hooks::default().allow_request(|request: RequestHead| async move {
        // Another task has to work before the answer is there.
        tokio::task::yield_now().await;
        let token = request.query_pairs().find(|(name, _)| name == "token");
        match token.as_ref().map(|(_, value)| &**value) {
            Some("tea") => Ok(()),
            Some(other) => Err(format!("no \"{other}\" today")),
            None => Err("a token is missing".into()),
        }
    })
}

#[tokio::test]
async fn a_request_that_is_not_allowed_is_told_why_and_opens_nothing() {
    let server = start(with(guarded())).await;
    for (token, message) in [
        ("", "a token is missing"),
        ("&token=caf%C3%A9+%22", r#"no \"café \"\" today"#),
    ] {
        let response = server.get(&format!("{POLLING}{token}")).await;
        assert_eq!(response.status, 403);
        let body = format!(r#"{{"code":4,"message":"{message}"}}"#);
        assert_eq!(response.body, body);
        assert_eq!(response.header("content-type"), Some("application/json"));
        match server.upgrade(&format!("{WEBSOCKET}{token}"), &[]).await {
            Err(Error::Http(response)) => {
                assert_eq!(response.status(), 403);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(server.server.session_count(), 0);
}

#[tokio::test]
async fn an_allowed_session_is_not_asked_again() {
    let mut server = start(with(guarded())).await;
    let open = server.get(&format!("{POLLING}&token=tea")).await;
    let open: serde_json::Value = serde_json::from_str(&open.body[1..]).unwrap();
    let sid = open["sid"].as_str().unwrap();
    assert_eq!(server.post(sid, "4hello").await.body, "ok");
    assert_eq!(server.poll(sid).await.body, "4hello");
    let mut probe = server.probe(sid).await;
    probe.send("2probe").await;
    assert_eq!(probe.text().await, "3probe");
    server.opened().await;
    let socket = server.upgrade(&format!("{WEBSOCKET}&token=tea"), &[]).await;
    assert!(socket.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_check_that_does_not_end_has_refused() {
    let hooks =
        Hooks::default().allow_request(|_| std::future::pending::<Result<(), &str>>());
    let server = start(Config {
        check_timeout: Duration::from_secs(7),
        ..with(hooks)
    })
    .await;
    let start = tokio::time::Instant::now();
    let response = server.get(POLLING).await;
    assert_eq!(response.status, 403, "{response:?}");
    assert!(response.body.contains("took too long"), "{response:?}");
    assert_eq!(start.elapsed().as_secs(), 7);
}

#[tokio::test]
async fn a_hook_that_panics_refuses_its_request_and_nothing_else() {
    let at_once = Hooks::default().allow_request(|request| {
        assert!(request.header("x-panic").is_none(), "at once");
        async { Ok::<_, &str>(()) }
    });
    let later = Hooks::default().allow_request(|request| async move {
        assert!(request.header("x-panic").is_none(), "later");
        Ok::<_, &str>(())
    });
    let initial = Hooks::default()
        .initial_headers(|_, request| assert!(request.header("x-panic").is_none()));
    let every = Hooks::default()
        .headers(|_, request| assert!(request.header("x-panic").is_none()));
    for hooks in [at_once, later, initial, every] {
        let mut server = start(with(hooks.clone())).await;
        let response = server.request("GET", POLLING, "X-Panic: 1\r\n", b"").await;
        assert_eq!(response.status, 500, "{hooks:?} {response:?}");
        assert_eq!(response.body, r#"{"code":3,"message":"internal error"}"#);
        match server.upgrade(WEBSOCKET, &[("x-panic", "1")]).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), 500),
            other => panic!("{other:?}"),
        }
        assert_eq!(server.server.session_count(), 0, "{hooks:?}");
        // A session's poll fails; what waited for it is still there.
        let sid = server.open().await;
        assert_eq!(server.post(&sid, "4hello").await.body, "ok");
        let query = format!("{POLLING}&sid={sid}");
        let first = server.request("GET", &query, "X-Panic: 1\r\n", b"").await;
        if first.status == 500 {
            assert_eq!(server.poll(&sid).await.body, "4hello");
        } else {
            assert_eq!(first.body, "4hello");
        }
        server.still_serves().await;
    }
}

#[tokio::test]
async fn headers_are_added_to_the_first_answer_and_to_all() {
    let hooks = Hooks::default()
        .initial_headers(|headers, request| {
            headers.insert("x-first", HeaderValue::from_static("yes"));
            headers.append("set-cookie", HeaderValue::from_static("a=1"));
            headers.append("set-cookie", HeaderValue::from_static("b=2"));
            assert_eq!(request.path, "/engine.io/");
            assert_eq!(request.method, Method::GET);
        })
        .headers(|headers, _| {
            headers.insert("x-every", HeaderValue::from_static("yes"));
            headers.insert("cache-control", HeaderValue::from_static("private"));
        });
    let mut server = start(Config {
        cookie: Some(Cookie::default()),
        ..with(hooks)
    })
    .await;
    let first = server.get(POLLING).await;
    assert_eq!(first.header("x-first"), Some("yes"));
    assert_eq!(first.header("x-every"), Some("yes"));
    assert_eq!(first.head.matches("cache-control").count(), 1, "{first:?}");
    assert_eq!(first.header("cache-control"), Some("private"));
    assert_eq!(first.head.matches("set-cookie").count(), 3, "{first:?}");
    let sid = server.opened().await.id().to_owned();
    let posted = server.post(&sid, "4hello").await;
    let polled = server.poll(&sid).await;
    for later in [posted, polled] {
        assert_eq!(later.header("x-first"), None);
        assert_eq!(later.header("x-every"), Some("yes"), "{later:?}");
    }
    let refused = server.get("EIO=3&transport=polling").await;
    assert_eq!(refused.header("x-every"), None);
    for (query, first) in [
        (WEBSOCKET.to_owned(), true),
        (format!("{WEBSOCKET}&sid={sid}"), false),
    ] {
        let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        let mut stream = server.connect().await;
        let head =
            format!("GET /engine.io/?{query} HTTP/1.1\r\nHost: x\r\n{upgrade}\r\n");
        let answer = support::head(&mut stream, &head).await.to_lowercase();
        assert!(answer.starts_with("http/1.1 101"), "{answer}");
        assert!(answer.contains("x-every: yes"), "{answer}");
        assert_eq!(answer.contains("x-first: yes"), first, "{answer}");
    }
}

#[tokio::test]
async fn each_refusal_is_reported_with_its_code_its_message_and_its_request() {
    let (sender, mut errors) = mpsc::unbounded_channel::<ConnectionError>();
    let hooks = guarded().connection_error(move |error| {
        sender.send(error.clone()).unwrap();
        assert!(error.request.header("x-panic").is_none());
    });
    let mut server = start(Config {
        max_sessions: 1,
        ..with(hooks)
    })
    .await;
    for (query, headers, refusal, message) in [
        ("EIO=4", "", Refusal::UnknownTransport, "Transport unknown"),
        (
            "EIO=4&transport=polling&sid=x",
            "",
            Refusal::UnknownSession,
            "Session ID unknown",
        ),
        (
            "EIO=3&transport=polling",
            "",
            Refusal::UnsupportedVersion,
            "Unsupported protocol version",
        ),
        (POLLING, "", Refusal::Forbidden, "a token is missing"),
        (
            POLLING,
            "X-Panic: 1\r\n",
            Refusal::Forbidden,
            "a token is missing",
        ),
        (
            POLLING,
            "Origin: http://evil.example\r\n",
            Refusal::Forbidden,
            "Forbidden",
        ),
        (
            POLLING,
            "Origin: x\r\nOrigin: y\r\n",
            Refusal::BadRequest,
            "Bad request",
        ),
    ] {
        let response = server.request("GET", query, headers, b"").await;
        if headers.matches("Origin").count() == 2 {
            // That does not even reach the server.
            assert_eq!(response.status, 400);
            continue;
        }
        assert_eq!(response.status, refusal.status().as_u16(), "{query}");
        let error = soon("a report", errors.recv()).await.unwrap();
        assert_eq!((error.refusal, &*error.message), (refusal, message));
        assert_eq!(error.request.query, query);
        assert!(error.request.remote_addr.is_some());
    }
    // A WebSocket hears of it only after its handshake.
    server.get(&format!("{POLLING}&token=tea")).await;
    server.opened().await;
    let mut late =
        support::client(server.address, &format!("{WEBSOCKET}&token=tea")).await;
    assert_eq!(late.end().await, Some(1000));
    let error = soon("a report", errors.recv()).await.unwrap();
    assert_eq!(error.refusal, Refusal::Full);
    let full = server.get(&format!("{POLLING}&token=tea")).await;
    assert_eq!(full.status, 503);
    assert_eq!(
        soon("a report", errors.recv()).await.unwrap().refusal,
        Refusal::Full
    );
}

#[tokio::test]
async fn a_session_may_be_kept_from_moving() {
    let mut server = start(Config {
        allow_upgrades: false,
        ..calm()
    })
    .await;
    let response = server.get(POLLING).await;
    assert!(response.body.contains(r#""upgrades":[]"#), "{response:?}");
    let sid = server.opened().await.id().to_owned();
    match server.upgrade(&format!("{WEBSOCKET}&sid={sid}"), &[]).await {
        Err(Error::Http(response)) => assert_eq!(response.status(), 400),
        other => panic!("{other:?}"),
    }
    // The transport itself is offered.
    server.still_serves().await;
    server.post(&sid, "4still here").await;
    assert_eq!(server.poll(&sid).await.body, "4still here");
}

#[tokio::test]
async fn the_cookie_carries_the_session_s_id() {
    let mut server = start(Config {
        cookie: Some(Cookie::default()),
        ..calm()
    })
    .await;
    let first = server.get(POLLING).await;
    let sid = server.opened().await.id().to_owned();
    let cookie = format!("io={sid}; Path=/; HttpOnly; SameSite=Lax");
    assert_eq!(first.header("set-cookie"), Some(&*cookie));
    server.post(&sid, "4hello").await;
    assert_eq!(server.poll(&sid).await.header("set-cookie"), None);
}

#[tokio::test]
async fn a_function_decides_about_origins() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = asked.clone();
    let cors = Cors::matching(move |origin| {
        seen.lock().unwrap().push(origin.to_owned());
        assert_ne!(origin, "https://panic.example");
        origin.ends_with(".friend.example")
    });
    let server = start(Config {
        cors,
        cors_headers: CorsHeaders {
            methods: vec![Method::GET, Method::POST, Method::PUT],
            allowed: vec![HeaderName::from_static("x-token")],
            exposed: vec![
                HeaderName::from_static("x-server"),
                HeaderName::from_static("x-load"),
            ],
        },
        ..calm()
    })
    .await;
    let friend = "Origin: https://a.friend.example\r\n";
    let response = server.request("GET", POLLING, friend, b"").await;
    assert_eq!(response.status, 200);
    let allowed = response.header("access-control-allow-origin");
    assert_eq!(allowed, Some("https://a.friend.example"));
    assert_eq!(
        response.header("access-control-allow-credentials"),
        Some("true")
    );
    assert_eq!(
        response.header("access-control-expose-headers"),
        Some("x-server, x-load")
    );
    assert_eq!(response.header("vary"), Some("Origin"));
    // A page reads why it was refused.
    let refused = server
        .request("GET", "EIO=3&transport=polling", friend, b"")
        .await;
    assert_eq!(refused.status, 400);
    assert!(refused.header("access-control-allow-origin").is_some());
    let asks = format!("{friend}Access-Control-Request-Headers: x-other\r\n");
    let preflight = server.request("OPTIONS", POLLING, &asks, b"").await;
    assert_eq!(preflight.status, 204);
    assert_eq!(
        preflight.header("access-control-allow-methods"),
        Some("GET, POST, PUT")
    );
    assert_eq!(
        preflight.header("access-control-allow-headers"),
        Some("x-token")
    );

    for stranger in ["https://friend.example.evil", "https://panic.example"] {
        let origin = format!("Origin: {stranger}\r\n");
        let response = server.request("GET", POLLING, &origin, b"").await;
        assert_eq!(response.status, 403, "{stranger}");
        assert_eq!(response.header("access-control-allow-origin"), None);
        let socket = server.upgrade(WEBSOCKET, &[("origin", stranger)]).await;
        assert!(matches!(socket, Err(Error::Http(_))), "{stranger}");
    }
    // Our own pages are not asked about.
    let own = format!("Origin: http://{}\r\n", server.address);
    assert_eq!(server.request("GET", POLLING, &own, b"").await.status, 200);
    let asked = asked.lock().unwrap();
    assert!(
        !asked.iter().any(|origin| origin.contains("127.0.0.1")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn the_request_behind_a_session_is_known() {
    let mut server = start(Config {
        trusted_proxies: 1,
        ..calm()
    })
    .await;
    let before = std::time::SystemTime::now();
    let lines =
        "X-Forwarded-Proto: https\r\nX-Forwarded-For: 10.1.2.3\r\nCookie: a=b\r\n";
    let query = format!("{POLLING}&name=J%C3%BCrgen+A");
    server.request("GET", &query, lines, b"").await;
    let session = server.opened().await;
    let request = session.handshake();
    assert_eq!(request.url(), format!("/engine.io/?{query}"));
    assert_eq!(request.parameter("name").as_deref(), Some("Jürgen A"));
    assert_eq!(request.header("cookie"), Some("a=b"));
    assert_eq!(request.remote_addr.unwrap().to_string(), "10.1.2.3:0");
    assert!(request.secure);
    assert!(request.time >= before && request.time.elapsed().is_ok());
    // Without a proxy that says so it is not encrypted.
    server
        .websocket()
        .await
        .0
        .send(Frame::text("1"))
        .await
        .unwrap();
    assert!(!server.opened().await.handshake().secure);
}

#[tokio::test]
async fn a_client_cannot_say_that_its_connection_is_encrypted() {
    let mut server = start(calm()).await;
    let lie = "X-Forwarded-Proto: https\r\n";
    server.request("GET", POLLING, lie, b"").await;
    assert!(!server.opened().await.handshake().secure);
}
