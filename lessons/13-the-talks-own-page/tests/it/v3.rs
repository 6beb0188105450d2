//! Engine.IO 3, request by request.

use std::time::Duration;

use socket_io::Config;

use crate::support::{TestServer, next, say, soon, start, started};

const BASE: &str = "/socket.io/?EIO=3&transport=polling";

/// Opens a session by polling. Returns its id and what else was in the first body.
async fn open(server: &TestServer) -> (String, String) {
    let answer = server.get(BASE).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let json = answer.body.split_once(":0").expect("an open packet").1;
    let end = json.find('}').expect("an object") + 1;
    let open: serde_json::Value = serde_json::from_str(&json[..end]).unwrap();
    assert_eq!(open["upgrades"], serde_json::json!(["websocket"]));
    assert_eq!(
        open["pingInterval"], 10_000,
        "twice in the server's ping timeout"
    );
    (
        open["sid"].as_str().unwrap().to_owned(),
        json[end..].to_owned(),
    )
}

/// A session that has been let into `/`.
async fn in_main(server: &TestServer) -> String {
    let (sid, rest) = open(server).await;
    let path = format!("{BASE}&sid={sid}");
    if !rest.contains("40") {
        assert_eq!(server.get(&path).await.body, "2:40");
    }
    path
}

#[tokio::test]
async fn the_main_namespace_is_joined_by_itself() {
    let server = started().await;
    let path = in_main(&server).await;
    let echo = r#"20:42["echo","naïve 👋"]"#;
    let length = heritage::utf16::len(r#"42["echo","naïve 👋"]"#);
    let body = echo.replacen("20", &length.to_string(), 1);
    assert_eq!(server.post(&path, &body).await.body, "ok");
    assert_eq!(server.get(&path).await.body, body);
}

#[tokio::test]
async fn namespaces_are_joined_and_refused_in_the_clients_words() {
    let server = started().await;
    let path = in_main(&server).await;
    assert_eq!(server.post(&path, "8:40/chat,").await.body, "ok");
    assert_eq!(server.get(&path).await.body, "8:40/chat,");
    assert_eq!(server.post(&path, "10:40/random,").await.body, "ok");
    let refused = "44/random,\"Invalid namespace\"";
    assert_eq!(
        server.get(&path).await.body,
        format!("{}:{refused}", refused.len())
    );
}

#[tokio::test]
async fn the_client_asks_and_the_server_answers() {
    let mut config = Config::default();
    config.engine.ping_interval = Duration::from_millis(100);
    config.engine.ping_timeout = Duration::from_millis(1000);
    let server = start(config, heritage::Config::default()).await;
    let mut socket = server
        .websocket("/socket.io/?EIO=3&transport=websocket")
        .await;
    let open = next(&mut socket).await.unwrap();
    assert!(open.contains("\"pingInterval\":500"), "{open}");
    assert_eq!(next(&mut socket).await.unwrap(), "40");
    // Three times as long as the server waits for an answer.
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        say(&mut socket, "2").await;
        assert_eq!(next(&mut socket).await.unwrap(), "3");
    }
    // A client that no longer asks is gone.
    while next(&mut socket).await.is_some() {}
    soon("the end of the session", async {
        while server.io.engine().session_count() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_session_moves_to_a_websocket() {
    let server = started().await;
    let path = in_main(&server).await;
    let upgrade = path.replace("polling", "websocket");
    let waiting = server.get(&path);
    let moving = async {
        let mut socket = server.websocket(&upgrade).await;
        say(&mut socket, "2probe").await;
        assert_eq!(next(&mut socket).await.unwrap(), "3probe");
        socket
    };
    let (waited, mut socket) = tokio::join!(waiting, moving);
    assert_eq!(waited.body, "1:6", "the poll is let go");
    // It polls once more: that one is let go as well.
    assert_eq!(server.get(&path).await.body, "1:6");
    say(&mut socket, "5").await;
    say(&mut socket, "42[\"echo\",1]").await;
    assert_eq!(next(&mut socket).await.unwrap(), "42[\"echo\",1]");
    assert_eq!(server.get(&path).await.status, 400, "it has moved");
    assert_eq!(server.post(&path, "1:2").await.status, 400);
}

#[tokio::test]
async fn a_probe_that_gives_up_changes_nothing() {
    let server = started().await;
    let path = in_main(&server).await;
    let upgrade = path.replace("polling", "websocket");
    for words in [&["2"][..], &["2probe", "4x"]] {
        let mut socket = server.websocket(&upgrade).await;
        for word in words {
            say(&mut socket, word).await;
        }
        while next(&mut socket).await.is_some() {}
    }
    assert_eq!(server.post(&path, "12:42[\"echo\",1]").await.body, "ok");
    let mut body = server.get(&path).await.body;
    while body == "1:6" {
        body = server.get(&path).await.body;
    }
    assert_eq!(body, "12:42[\"echo\",1]");
}

#[tokio::test]
async fn bytes_pass_by_every_road() {
    let server = started().await;
    let path = in_main(&server).await;
    let event = "451-[\"echo\",{\"_placeholder\":true,\"num\":0}]";
    let text = format!("{}:{event}6:b4AQL/", event.len());
    assert_eq!(server.post(&path, &text).await.body, "ok");
    let base64 = server.get(&format!("{path}&b64=1")).await;
    assert_eq!(base64.body, text);
    let mut binary = vec![0];
    binary.extend(event.len().to_string().bytes().map(|digit| digit - b'0'));
    binary.push(255);
    binary.extend(event.bytes());
    binary.extend([1, 4, 255, 4, 1, 2, 255]);
    let kind = ["Content-Type: application/octet-stream"];
    assert_eq!(
        server.request("POST", &path, &kind, &binary).await.body,
        "ok"
    );
    let answer = server.get(&path).await;
    assert!(
        answer
            .head
            .contains("content-type: application/octet-stream")
    );
    assert!(answer.body.contains(event), "{answer:?}");
    let mut socket = server
        .websocket("/socket.io/?EIO=3&transport=websocket")
        .await;
    next(&mut socket).await.unwrap();
    assert_eq!(next(&mut socket).await.unwrap(), "40");
    say(&mut socket, event).await;
    say(&mut socket, "b4AQL/").await;
    assert_eq!(next(&mut socket).await.unwrap(), event);
    assert_eq!(
        next(&mut socket).await.unwrap(),
        "binary b\"\\x04\\x01\\x02\\xff\""
    );
}

#[tokio::test]
async fn a_session_without_binary_frames_gets_its_bytes_as_text() {
    let server = started().await;
    let path = "/socket.io/?EIO=3&transport=websocket&b64=1";
    let mut socket = server.websocket(path).await;
    next(&mut socket).await.unwrap();
    assert_eq!(next(&mut socket).await.unwrap(), "40");
    let event = "451-[\"echo\",{\"_placeholder\":true,\"num\":0}]";
    say(&mut socket, event).await;
    say(&mut socket, "b4AQL/").await;
    assert_eq!(next(&mut socket).await.unwrap(), event);
    assert_eq!(next(&mut socket).await.unwrap(), "b4AQL/");
}

#[tokio::test]
async fn jsonp_polls_are_scripts_and_its_posts_are_forms() {
    let server = started().await;
    let path = format!("{BASE}&j=2");
    assert_eq!(
        server.get(&path).await.status,
        403,
        "any page can have a script"
    );
    let own = [format!("Referer: http://{}/", server.address)];
    let own = own.each_ref().map(String::as_str);
    let open = server.request("GET", &path, &own, b"").await;
    assert!(open.body.starts_with("___eio[2](\""), "{open:?}");
    let sid = open.body.split("\\\"").nth(3).unwrap();
    let path = format!("{path}&sid={sid}");
    if !open.body.contains("40") {
        assert_eq!(server.get(&path).await.body, "___eio[2](\"2:40\");");
    }
    // A line feed, and a backslash with an n, as the client writes them.
    let packet = "42[\"echo\",\"a\\nb\"]";
    let escaped = packet.replace("\\n", "\\\\n");
    let field = format!("{}:{escaped}", packet.len());
    let form: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("d", &field)
        .finish();
    assert_eq!(server.post(&path, &form).await.body, "ok");
    let answer = server.get(&path).await.body;
    let expected = format!("{}:{packet}", packet.len());
    assert_eq!(answer, heritage::script("___eio", 2, &expected));
}

#[tokio::test]
async fn refusals_are_those_of_the_reference_server() {
    let server = started().await;
    for (path, code) in [
        ("/socket.io/?EIO=3", 0),
        ("/socket.io/?EIO=3&transport=telepathy", 0),
        ("/socket.io/?EIO=3&transport=polling&sid=nobody", 1),
        ("/socket.io/?EIO=3&transport=websocket", 3),
        ("/socket.io/?EIO=3&transport=polling&j=alert", 3),
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(
            answer.body.contains(&format!("\"code\":{code},")),
            "{path}: {answer:?}"
        );
    }
    let post = server.post(BASE, "1:2").await;
    assert!(post.body.contains("\"code\":2,"), "{post:?}");
    let (sid, _) = open(&server).await;
    let other = format!("/socket.io/1/xhr-polling/{sid}");
    assert_eq!(
        server.get(&other).await.body,
        "7:::1+0",
        "another generation's"
    );
}

#[tokio::test]
async fn broken_bodies_end_the_session() {
    let server = started().await;
    for body in ["nonsense", "9:2", "1:7", "2:b9", "1:1"] {
        let path = in_main(&server).await;
        let expected = if body == "1:1" { 200 } else { 400 };
        assert_eq!(server.post(&path, body).await.status, expected, "{body:?}");
        assert_eq!(server.io.engine().session_count(), 0, "{body:?}");
    }
    let path = in_main(&server).await;
    let kind = ["Content-Type: application/octet-stream"];
    let answer = server.request("POST", &path, &kind, b"\x00\x09\xff2").await;
    assert_eq!(answer.status, 400);
}

const UPGRADE: [&str; 4] = [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

#[tokio::test]
async fn a_session_has_one_probe_at_a_time() {
    let server = started().await;
    let path = in_main(&server).await;
    let path = path.replace("transport=polling", "transport=websocket");
    let mut probe = server.websocket(&path).await;
    say(&mut probe, "2probe").await;
    assert_eq!(next(&mut probe).await.unwrap(), "3probe");
    let second = server.request("GET", &path, &UPGRADE, b"").await;
    assert_eq!(second.status, 400);
}

#[tokio::test]
async fn without_upgrades_a_session_stays_where_it_is() {
    let mut config = Config::default();
    config.engine.allow_upgrades = false;
    let server = start(config, heritage::Config::default()).await;
    let open = server.get(BASE).await.body;
    assert!(open.contains("\"upgrades\":[]"), "{open}");
    let sid = open.split('"').nth(3).expect("an id");
    let path = format!("/socket.io/?EIO=3&transport=websocket&sid={sid}");
    let refused = server.request("GET", &path, &UPGRADE, b"").await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn a_body_that_breaks_off_ends_the_session() {
    let server = started().await;
    let path = in_main(&server).await;
    server.half_a_body(&path).await;
    let ended = async {
        while server.io.engine().session_count() > 0 {
            tokio::task::yield_now().await;
        }
    };
    soon("the end of the session", ended).await;
}
