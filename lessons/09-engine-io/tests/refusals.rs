//! Every refusal of the protocol, with its status and its body, on both transports.

mod support;

use engine_io::{Config, Transports};
use support::{Response, calm, start};
use tokio_tungstenite::tungstenite::Error;

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
    for path in ["/", "/engine.iox/", "/x/engine.io/", "/engine.io/x"] {
        let request = format!(
            "GET {path}?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        );
        assert_eq!(server.raw(request.as_bytes()).await.status, 404, "{path}");
    }
    let bare = b"GET /engine.io?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_eq!(server.raw(bare).await.status, 200);
}
