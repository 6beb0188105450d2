//! A session's life over real connections: opening, messages both ways, heartbeat,
//! upgrade, the end.

use std::time::Duration;

use engine_io::{CloseReason, Config, EncodedMessage, Transport};

use crate::support::{self, Frame, calm, soon, start};

fn beating() -> Config {
    Config {
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        ..Config::default()
    }
}

#[tokio::test]
async fn polling_opens_and_carries_messages() {
    let mut server = start(calm()).await;
    let response = server.get("EIO=4&transport=polling").await;
    let open: serde_json::Value = serde_json::from_str(&response.body[1..]).unwrap();
    assert_eq!(response.body.as_bytes()[0], b'0');
    assert_eq!(open["upgrades"], serde_json::json!(["websocket"]));
    assert_eq!(
        (&open["pingInterval"], &open["pingTimeout"]),
        (&60_000.into(), &60_000.into())
    );
    assert_eq!(open["maxPayload"], 1_000_000);
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let sid = open["sid"].as_str().unwrap();
    assert_eq!(sid.len(), 20);

    let ok = server.post(sid, "4one\u{1e}4two\u{1e}bAQID").await;
    assert_eq!((ok.status, ok.body.as_str()), (200, "ok"));
    assert_eq!(server.poll(sid).await.body, "4one\u{1e}4two\u{1e}bAQID");
    assert_eq!(server.opened().await.transport(), Transport::Polling);
}

#[tokio::test]
async fn a_poll_waits_until_there_is_something_to_say() {
    let mut server = start(calm()).await;
    let sid = server.open().await;
    let session = server.opened().await;
    let send = async {
        while !session.send_volatile(&[EncodedMessage::text("now")]) {
            tokio::task::yield_now().await;
        }
    };
    let (response, ()) = tokio::join!(server.poll(&sid), soon("the poll to wait", send));
    assert_eq!(response.body, "4now");
}

#[tokio::test]
async fn websocket_opens_and_carries_messages() {
    let mut server = start(calm()).await;
    let mut client = server.websocket().await;
    assert_eq!(server.opened().await.transport(), Transport::WebSocket);
    client.send("4hello").await;
    assert_eq!(client.text().await, "4hello");
    futures_util::SinkExt::send(&mut client.0, Frame::binary(vec![0, 1, 2]))
        .await
        .unwrap();
    assert_eq!(
        client.next().await.unwrap().unwrap(),
        Frame::binary(vec![0, 1, 2])
    );
    client.send("1").await;
    assert_eq!(client.end().await, Some(1000));
    assert_eq!(server.closed().await, CloseReason::TransportClose);
    server.empties().await;
}

#[tokio::test]
async fn the_server_beats_and_a_silent_client_is_closed() {
    let mut server = start(beating()).await;
    let mut client = server.websocket().await;
    for _ in 0..3 {
        assert_eq!(client.text().await, "2");
        client.send("3").await;
    }
    assert_eq!(client.text().await, "2");
    client.end().await;
    assert_eq!(server.closed().await, CloseReason::PingTimeout);

    let sid = server.open().await;
    for _ in 0..2 {
        assert_eq!(server.poll(&sid).await.body, "2");
        assert_eq!(server.post(&sid, "3").await.body, "ok");
    }
    assert_eq!(server.closed().await, CloseReason::PingTimeout);
    assert_eq!(server.poll(&sid).await.status, 400);
    server.empties().await;
}

#[tokio::test]
async fn a_ping_is_due_after_its_interval_however_long_a_pong_may_take() {
    let config = Config {
        ping_interval: Duration::from_millis(20),
        ping_timeout: Duration::from_secs(600),
        ..Config::default()
    };
    let server = start(config).await;
    let mut client = server.websocket().await;
    for _ in 0..5 {
        assert_eq!(client.text().await, "2");
        client.send("3").await;
    }
}

#[tokio::test]
async fn an_upgrade_moves_the_session_and_loses_nothing() {
    let mut server = start(calm()).await;
    let sid = server.open().await;
    let session = server.opened().await;
    let mut socket = server.probe(&sid).await;
    let probing = async {
        socket.send("2probe").await;
        assert_eq!(socket.text().await, "3probe");
    };
    let (released, ()) = tokio::join!(server.poll(&sid), probing);
    assert_eq!(released.body, "6");
    session.send(&EncodedMessage::text("between")).unwrap();
    socket.send("5").await;
    assert_eq!(socket.text().await, "4between");
    assert_eq!(session.transport(), Transport::WebSocket);
    assert_eq!(server.poll(&sid).await.status, 400);
    socket.send("4hello").await;
    assert_eq!(socket.text().await, "4hello");
}

#[tokio::test]
async fn a_second_websocket_is_sent_away_and_the_first_not_disturbed() {
    let mut server = start(calm()).await;
    let sid = server.open().await;
    let mut first = server.probe(&sid).await;
    first.send("2probe").await;
    assert_eq!(first.text().await, "3probe");
    assert!(server.probe(&sid).await.end().await.is_some());
    first.send("5").await;
    assert!(server.probe(&sid).await.end().await.is_some());
    first.send("4mine").await;
    assert_eq!(first.text().await, "4mine");
}

#[tokio::test]
async fn an_upgrade_that_is_never_finished_is_given_up() {
    let config = Config {
        upgrade_timeout: Duration::from_millis(100),
        ..calm()
    };
    let mut server = start(config).await;
    let sid = server.open().await;
    let mut silent = server.probe(&sid).await;
    silent.end().await;
    let mut wrong = server.probe(&sid).await;
    wrong.send("4too early").await;
    wrong.end().await;
    let mut right = server.probe(&sid).await;
    right.send("2probe").await;
    assert_eq!(right.text().await, "3probe");
    right.send("5").await;
    right.send("4at last").await;
    assert_eq!(right.text().await, "4at last");
}

#[tokio::test]
async fn shutdown_sends_what_waits_and_takes_no_more() {
    let mut server = start(calm()).await;
    let mut client = server.websocket().await;
    let session = server.opened().await;
    session.send(&EncodedMessage::text("last words")).unwrap();
    let shutdown = server.server.clone();
    let shutdown =
        tokio::spawn(async move { shutdown.shutdown(support::PATIENCE).await });
    assert_eq!(client.text().await, "4last words");
    assert_eq!(client.end().await, Some(1001));
    assert_eq!(soon("the shutdown", shutdown).await.unwrap(), 1);
    assert_eq!(server.closed().await, CloseReason::ServerShutdown);
    assert_eq!(server.get("EIO=4&transport=polling").await.status, 503);
    server.stop.take().unwrap().send(()).unwrap();
    soon("the accept loop", &mut server.stopped)
        .await
        .unwrap()
        .unwrap();
    assert!(
        tokio::net::TcpStream::connect(server.address)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn an_application_that_pauses_is_given_nothing_until_it_resumes() {
    let mut server = start(calm()).await;
    let mut client = server.websocket().await;
    let session = server.opened().await;
    session.pause();
    client.send("4wait").await;
    session.send(&EncodedMessage::text("first")).unwrap();
    assert_eq!(client.text().await, "4first");
    session.resume();
    assert_eq!(client.text().await, "4wait");

    let sid = server.open().await;
    let session = server.opened().await;
    session.pause();
    let (posted, ()) = tokio::join!(server.post(&sid, "4slow"), async {
        tokio::task::yield_now().await;
        session.resume();
    });
    assert_eq!(posted.body, "ok");
    assert_eq!(server.poll(&sid).await.body, "4slow");
}

#[tokio::test]
async fn warp_serve_will_do_for_a_lesson() {
    let mut server = start(calm()).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    server.address = listener.local_addr().unwrap();
    let filter = engine_io::filter(&server.server);
    tokio::spawn(warp::serve(filter).incoming(listener).run());
    let mut client = server.websocket().await;
    client.send("4hello").await;
    assert_eq!(client.text().await, "4hello");
    assert!(server.opened().await.handshake().remote_addr.is_some());
    let sid = server.open().await;
    assert_eq!(server.post(&sid, "4hello").await.body, "ok");
    assert_eq!(server.poll(&sid).await.body, "4hello");
}

#[tokio::test]
async fn an_answered_probe_is_not_lost_behind_a_ping() {
    let mut server = start(calm()).await;
    let sid = server.open().await;
    let mut socket = server.probe(&sid).await;
    let probe =
        websocket::encode_masked_frame(websocket::OpCode::Text, [1, 2, 3, 4], b"2probe");
    let ping =
        websocket::encode_masked_frame(websocket::OpCode::Ping, [1, 2, 3, 4], b"payload");
    socket.send_raw(&[probe, ping].concat()).await;
    assert_eq!(socket.text().await, "3probe");
    assert_eq!(
        socket.next().await.unwrap().unwrap(),
        Frame::Pong(b"payload".as_slice().into())
    );
}

#[tokio::test]
async fn the_request_behind_a_session_is_kept() {
    let mut server = start(Config {
        trusted_proxies: 1,
        ..calm()
    })
    .await;
    let query = "EIO=4&transport=polling&room=tea+party";
    for (proto, secure) in [("", false), ("X-Forwarded-Proto: HTTPS\r\n", true)] {
        server.request("GET", query, proto, b"").await;
        let session = server.opened().await;
        let handshake = session.handshake();
        assert_eq!(handshake.url(), format!("/engine.io/?{query}"));
        let room = handshake.query_pairs().find(|(name, _)| name == "room");
        assert_eq!(room.unwrap().1, "tea party");
        assert_eq!(handshake.secure, secure);
    }
}

#[tokio::test]
async fn a_drained_session_has_written_what_it_was_sent() {
    let mut server = start(calm()).await;
    let sid = server.open().await;
    let session = server.opened().await;
    assert_eq!(session.drained().await, Ok(()), "nothing waits");
    session.send(&EncodedMessage::text("hello")).unwrap();
    assert_eq!(session.outstanding(), EncodedMessage::text("hello").size());
    let waiting = session.clone();
    let mut drained = tokio::spawn(async move { waiting.drained().await });
    tokio::task::yield_now().await;
    assert!(!drained.is_finished(), "no poll has fetched it");
    assert_eq!(server.poll(&sid).await.body, "4hello");
    assert_eq!(soon("the end", &mut drained).await.unwrap(), Ok(()));
    assert_eq!(session.outstanding(), 0);

    session.send(&EncodedMessage::text("late")).unwrap();
    let waiting = session.clone();
    let drained = tokio::spawn(async move { waiting.drained().await });
    tokio::task::yield_now().await;
    session.close(CloseReason::Forced);
    assert!(soon("the end", drained).await.unwrap().is_err());
}
