//! Every refusal of the protocol, with its status and its body, on both transports.

use engine_io::{Config, Cors, Transports};
use tokio_tungstenite::tungstenite::Error;

use crate::support::{self, Response, calm, start};

fn refused(response: &Response, status: u16, body: &str) {
    assert_eq!(
        (response.status, response.body.as_str()),
        (status, body),
        "{response:?}"
    );
    assert_eq!(response.header("content-type"), Some("application/json"));
}

const UNKNOWN_TRANSPORT: &str = r#"{"code":0,"message":"Transport unknown"}"#;
const UNKNOWN_SESSION: &str = r#"{"code":1,"message":"Session ID unknown"}"#;
const BAD_METHOD: &str = r#"{"code":2,"message":"Bad handshake method"}"#;
const BAD_REQUEST: &str = r#"{"code":3,"message":"Bad request"}"#;
const FORBIDDEN: &str = r#"{"code":4,"message":"Forbidden"}"#;
const UNSUPPORTED: &str = r#"{"code":5,"message":"Unsupported protocol version"}"#;

#[tokio::test]
async fn requests_that_do_not_fit() {
    let mut server = start(calm()).await;
    let sid = server.open().await;
    for (method, query, status, body) in [
        ("GET", "EIO=4".to_owned(), 400, UNKNOWN_TRANSPORT),
        (
            "GET",
            "EIO=4&transport=flashsocket".into(),
            400,
            UNKNOWN_TRANSPORT,
        ),
        ("GET", "EIO=4&transport=".into(), 400, UNKNOWN_TRANSPORT),
        (
            "GET",
            "EIO=4&transport=polling&sid=nobody".into(),
            400,
            UNKNOWN_SESSION,
        ),
        (
            "GET",
            "EIO=4&transport=polling&sid=aaaaaaaaaaaaaaaaaaaa".into(),
            400,
            UNKNOWN_SESSION,
        ),
        (
            "GET",
            "EIO=4&transport=polling&sid=".into(),
            400,
            UNKNOWN_SESSION,
        ),
        (
            "GET",
            "EIO=4&transport=polling&sid=%00%ff".into(),
            400,
            UNKNOWN_SESSION,
        ),
        ("POST", "EIO=4&transport=polling".into(), 400, BAD_METHOD),
        ("PUT", "EIO=4&transport=polling".into(), 400, BAD_METHOD),
        ("GET", "EIO=4&transport=websocket".into(), 400, BAD_REQUEST),
        (
            "GET",
            format!("EIO=4&transport=websocket&sid={sid}"),
            400,
            BAD_REQUEST,
        ),
        (
            "DELETE",
            format!("EIO=4&transport=polling&sid={sid}"),
            400,
            BAD_REQUEST,
        ),
        ("GET", "EIO=3&transport=polling".into(), 400, UNSUPPORTED),
        ("GET", "transport=polling".into(), 400, UNSUPPORTED),
    ] {
        let response = server.request(method, &query, "", b"").await;
        println!("{method} {query}");
        refused(&response, status, body);
    }
    // The session was not touched by what was said in its name.
    assert_eq!(server.post(&sid, "4still here").await.body, "ok");
    assert_eq!(server.poll(&sid).await.body, "4still here");
}

#[tokio::test]
async fn upgrades_that_do_not_fit() {
    let server = start(calm()).await;
    for (query, status, body) in [
        ("EIO=3&transport=websocket", 400, UNSUPPORTED),
        ("EIO=4&transport=polling", 400, BAD_REQUEST),
        (
            "EIO=4&transport=websocket&sid=aaaaaaaaaaaaaaaaaaaa",
            400,
            UNKNOWN_SESSION,
        ),
    ] {
        // By hand: a client library keeps of a refusal what came with its head.
        let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        refused(
            &server.request("GET", query, upgrade, b"").await,
            status,
            body,
        );
    }
    match server
        .upgrade(
            "EIO=4&transport=websocket",
            &[("origin", "http://evil.example")],
        )
        .await
    {
        Err(Error::Http(response)) => assert_eq!(response.status(), 403),
        other => panic!("{other:?}"),
    }
    let response = server
        .request(
            "GET",
            "EIO=4&transport=polling",
            "Origin: http://evil.example\r\n",
            b"",
        )
        .await;
    refused(&response, 403, FORBIDDEN);
    assert_eq!(server.server.session_count(), 0);
}

#[tokio::test]
async fn a_websocket_of_another_version_is_told_which_would_do() {
    let server = start(calm()).await;
    let request = format!(
        "GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {}\r\nConnection: close, Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.address
    );
    let response = server.raw(request.as_bytes()).await;
    assert_eq!(response.status, 426);
    assert_eq!(response.header("sec-websocket-version"), Some("13"));
    assert_eq!(response.header("upgrade"), Some("websocket"));
    assert!(response.head.to_lowercase().contains("connection: upgrade"));
}

#[tokio::test]
async fn a_transport_that_is_not_offered_is_unknown() {
    let transports = Transports {
        polling: true,
        websocket: false,
    };
    let mut server = start(Config {
        transports,
        ..calm()
    })
    .await;
    refused(
        &server.get("EIO=4&transport=websocket").await,
        400,
        UNKNOWN_TRANSPORT,
    );
    let response = server.get("EIO=4&transport=polling").await;
    assert!(response.body.contains(r#""upgrades":[]"#), "{response:?}");
    server.opened().await;
}

#[tokio::test]
async fn other_paths_are_not_ours() {
    let server = start(calm()).await;
    for path in ["/", "/engine.iox/", "/x/engine.io/", "/engine.io.x/"] {
        let request = format!(
            "GET {path}?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        );
        assert_eq!(server.raw(request.as_bytes()).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn everything_below_the_path_is_served() {
    let server = start(calm()).await;
    for path in [
        "/engine.io",
        "/engine.io/",
        "/engine.io/default/",
        "/engine.io/a/b",
    ] {
        let request = |query: &str| {
            format!("GET {path}{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        };
        let opened = server
            .raw(request("?EIO=4&transport=polling").as_bytes())
            .await;
        assert_eq!(opened.status, 200, "{path}");
        // There are no files: a request that is not the protocol's is a bad one.
        let file = server.raw(request("").as_bytes()).await;
        refused(&file, 400, UNKNOWN_TRANSPORT);
    }
}

#[tokio::test]
async fn the_key_of_a_websocket_is_sixteen_bytes_once() {
    let server = start(calm()).await;
    let good = "dGhlIHNhbXBsZSBub25jZQ==";
    for keys in [
        &[][..],
        &[""],
        &["not base64 at all"],
        &["dGhlIHNhbXBsZQ=="],
        &["dGhlIHNhbXBsZSBub25jZSBpcyB0b28gbG9uZw=="],
        &[good, good],
    ] {
        let mut lines = String::new();
        for key in keys {
            lines.extend(["Sec-WebSocket-Key: ", key, "\r\n"]);
        }
        let upgrade = format!(
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n{lines}"
        );
        let query = "EIO=4&transport=websocket";
        let response = server.request("GET", query, &upgrade, b"").await;
        refused(&response, 400, BAD_REQUEST);
    }
    assert_eq!(server.server.session_count(), 0);
}

#[tokio::test]
async fn a_preflight_allows_the_headers_that_it_asks_for() {
    let listed = "https://friend.example";
    for cors in [Cors::Any, Cors::Origins(vec![listed.into()])] {
        let server = start(Config { cors, ..calm() }).await;
        let asks = format!(
            "Origin: {listed}\r\nAccess-Control-Request-Method: POST\r\n\
             Access-Control-Request-Headers: content-type,x-token\r\n"
        );
        let answer = server
            .request("OPTIONS", "EIO=4&transport=polling", &asks, b"")
            .await;
        assert_eq!(answer.status, 204);
        assert_eq!(
            answer.header("access-control-allow-headers"),
            Some("content-type,x-token")
        );
    }
}

#[tokio::test]
async fn clients_that_write_ws_for_the_scheme_are_of_the_same_origin() {
    let server = start(calm()).await;
    let query = "EIO=4&transport=polling";
    for scheme in ["http", "https", "ws", "wss"] {
        let origin = format!("Origin: {scheme}://{}\r\n", server.address);
        let response = server.request("GET", query, &origin, b"").await;
        assert_eq!(response.status, 200, "{scheme}");
    }
    let stranger = "Origin: ws://evil.example\r\n";
    assert_eq!(
        server.request("GET", query, stranger, b"").await.status,
        403
    );
}

#[tokio::test]
async fn a_server_that_knows_its_names_refuses_others() {
    let server = start(Config {
        public_hosts: vec!["chat.example".into()],
        ..calm()
    })
    .await;
    let request = |headers: &str| {
        format!(
            "GET /engine.io/?EIO=4&transport=polling HTTP/1.1\r\n{headers}Connection: close\r\n\r\n"
        )
    };
    for (status, headers) in [
        (200, "Host: chat.example\r\n"),
        (
            200,
            "Host: 127.0.0.1:5000\r\nOrigin: https://chat.example\r\n",
        ),
        (403, "Host: evil.example\r\n"),
        (403, "Host: evil.example\r\nOrigin: http://evil.example\r\n"),
        (
            403,
            "Host: 127.0.0.1\r\nX-Forwarded-Host: evil.example\r\nOrigin: http://evil.example\r\n",
        ),
    ] {
        let response = server.raw(request(headers).as_bytes()).await;
        assert_eq!(response.status, status, "{headers}");
    }
}

#[tokio::test]
async fn the_headers_that_a_session_keeps_are_bounded() {
    let server = start(Config {
        max_handshake: 1000,
        ..calm()
    })
    .await;
    let query = "EIO=4&transport=polling";
    let long = format!("X-Long: {}\r\n", "x".repeat(1000));
    assert_eq!(server.request("GET", query, &long, b"").await.status, 431);
    let long = format!("X-Long: {}\r\n", "x".repeat(800));
    assert_eq!(server.request("GET", query, &long, b"").await.status, 200);
    // What is larger than any head may be is not even read.
    let huge = format!("X-Long: {}\r\n", "x".repeat(20_000));
    assert_eq!(server.request("GET", query, &huge, b"").await.status, 431);
}

#[tokio::test]
async fn one_address_does_not_get_every_session() {
    let server = start(Config {
        max_sessions_per_address: 2,
        ..calm()
    })
    .await;
    let query = "EIO=4&transport=polling";
    let mut first = server.websocket().await;
    assert_eq!(server.get(query).await.status, 200);
    assert_eq!(server.get(query).await.status, 429);
    let forged = "X-Forwarded-For: 1.2.3.4\r\n";
    let response = server.request("GET", query, forged, b"").await;
    assert_eq!(response.status, 429, "anybody can write that header");
    first.send("1").await;
    first.end().await;
    support::soon("the place", async {
        while server.get(query).await.status != 200 {}
    })
    .await;
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_its_own_address() {
    let mut server = start(Config {
        max_sessions_per_address: 1,
        trusted_proxies: 1,
        ..calm()
    })
    .await;
    let query = "EIO=4&transport=polling";
    for (status, client) in [
        (200, "6.6.6.6, 10.0.0.1"),
        (429, "7.7.7.7, 10.0.0.1"),
        (200, "10.0.0.2"),
        // A network of one customer.
        (200, "2001:db8::1"),
        (429, "2001:db8::2"),
        (200, "2001:db8:0:1::2"),
    ] {
        let forwarded = format!("X-Forwarded-For: {client}\r\n");
        let response = server.request("GET", query, &forwarded, b"").await;
        assert_eq!(response.status, status, "{client}");
    }
    let address = server.opened().await.handshake().remote_addr.unwrap();
    assert_eq!(address.ip().to_string(), "10.0.0.1");
}
