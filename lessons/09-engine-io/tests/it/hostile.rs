//! What hostile clients do: each is answered as the protocol says, and nobody else
//! notices.

use std::io::ErrorKind;
use std::time::Duration;

use engine_io::{CloseReason, Config, Cors, EncodedMessage, ServeLimits};
use futures_util::SinkExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use websocket::{FrameHeader, OpCode, encode_masked_frame};

use crate::support::{self, Frame, calm, read_response, soon, start, start_with};

const KEY: [u8; 4] = [1, 2, 3, 4];

#[tokio::test]
async fn bodies_that_are_not_payloads_end_the_session() {
    let mut server = start(calm()).await;
    for (body, kind) in [
        (&b"abc"[..], ""),
        (b"", ""),
        (b"4fine\x1e", ""),
        (b"4fine\x1e\x1e4fine", ""),
        (b"b%%%", ""),
        (b"4\xff\xfe", ""),
        (b"4\xe2\x82", ""),
        (
            b"\x04\x01\x02",
            "Content-Type: application/octet-stream\r\n",
        ),
    ] {
        let sid = server.open().await;
        let query = format!("EIO=4&transport=polling&sid={sid}");
        let response = server.request("POST", &query, kind, body).await;
        assert_eq!(response.status, 400, "{body:?}: {response:?}");
        assert_eq!(server.closed().await, CloseReason::ParseError, "{body:?}");
        assert_eq!(server.poll(&sid).await.status, 400, "{body:?}");
    }
    server.empties().await;
    server.still_serves().await;
}

#[tokio::test]
async fn a_client_that_pings_is_closed() {
    let mut server = start(calm()).await;
    let sid = server.open().await;
    assert_eq!(server.post(&sid, "2").await.status, 400);
    assert_eq!(server.closed().await, CloseReason::TransportError);
    let mut client = server.websocket().await;
    client.send("2").await;
    client.end().await;
    assert_eq!(server.closed().await, CloseReason::TransportError);
    server.still_serves().await;
}

#[tokio::test]
async fn frames_that_are_not_packets_end_the_session() {
    let mut server = start(calm()).await;
    for text in ["", "9", "hello", "é"] {
        let mut client = server.websocket().await;
        client.send(text).await;
        assert_eq!(client.end().await, Some(1000), "{text:?}");
        assert_eq!(server.closed().await, CloseReason::ParseError, "{text:?}");
    }
    server.empties().await;
    server.still_serves().await;
}

#[tokio::test]
async fn frames_that_break_the_rules_get_their_close_code() {
    let mut server = start(calm()).await;
    let header = |fin, opcode, mask, len| {
        let mut bytes = Vec::new();
        FrameHeader {
            fin,
            opcode,
            mask,
            len,
        }
        .write_to(&mut bytes);
        bytes
    };
    for (bytes, code, what) in [
        (header(true, OpCode::Text, None, 5), 1002, "not masked"),
        (vec![0xf1, 0x80, 0, 0, 0, 0], 1002, "reserved bits"),
        (vec![0x83, 0x80, 0, 0, 0, 0], 1002, "reserved opcode"),
        (
            header(true, OpCode::Continuation, Some(KEY), 0),
            1002,
            "a continuation of nothing",
        ),
        (vec![0x09, 0x80, 0, 0, 0, 0], 1002, "a fragmented ping"),
        (
            encode_masked_frame(OpCode::Text, KEY, b"4\xff").to_vec(),
            1007,
            "text that is not UTF-8",
        ),
        (
            header(true, OpCode::Text, Some(KEY), 1_000_001),
            1009,
            "too long",
        ),
        (
            header(true, OpCode::Binary, Some(KEY), u64::MAX >> 1),
            1009,
            "far too long",
        ),
    ] {
        let mut client = server.websocket().await;
        client.send_raw(&bytes).await;
        assert_eq!(client.end().await, Some(code), "{what}");
        let reason = match code {
            1009 => CloseReason::MessageTooLarge,
            _ => CloseReason::TransportError,
        };
        assert_eq!(server.closed().await, reason, "{what}");
    }
    server.empties().await;
    server.still_serves().await;
}

#[tokio::test]
async fn fragments_count_together() {
    let mut server = start(Config {
        max_payload: 1000,
        ..calm()
    })
    .await;
    let mut client = server.websocket().await;
    let mut bytes = Vec::new();
    FrameHeader {
        fin: false,
        opcode: OpCode::Binary,
        mask: Some([0; 4]),
        len: 600,
    }
    .write_to(&mut bytes);
    bytes.extend([0; 600]);
    FrameHeader {
        fin: true,
        opcode: OpCode::Continuation,
        mask: Some([0; 4]),
        len: 600,
    }
    .write_to(&mut bytes);
    client.send_raw(&bytes).await;
    assert_eq!(client.end().await, Some(1009));
    assert_eq!(server.closed().await, CloseReason::MessageTooLarge);

    let mut server = start(Config {
        max_fragments: 1000,
        ..calm()
    })
    .await;
    let mut client = server.websocket().await;
    let mut bytes = Vec::new();
    for index in 0..2000 {
        let opcode = if index == 0 {
            OpCode::Binary
        } else {
            OpCode::Continuation
        };
        FrameHeader {
            fin: false,
            opcode,
            mask: Some([0; 4]),
            len: 0,
        }
        .write_to(&mut bytes);
    }
    client.send_raw(&bytes).await;
    assert_eq!(client.end().await, Some(1009));
    assert_eq!(server.closed().await, CloseReason::MessageTooLarge);
    server.still_serves().await;
}

#[tokio::test]
async fn a_message_may_come_in_many_small_fragments() {
    let server = start(calm()).await;
    let mut client = server.websocket().await;
    let mut bytes = Vec::new();
    for index in 0..=1200 {
        FrameHeader {
            fin: index == 1200,
            opcode: if index == 0 {
                OpCode::Binary
            } else {
                OpCode::Continuation
            },
            mask: Some([0; 4]),
            len: 500,
        }
        .write_to(&mut bytes);
        bytes.extend([7; 500]);
    }
    client.send_raw(&bytes).await;
    match client.next().await {
        Some(Ok(Frame::Binary(echo))) => assert_eq!(echo.len(), 1201 * 500),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn binary_messages_may_be_text_on_both_transports() {
    let mut server = start(calm()).await;
    // `forceBase64` of the reference client: it sends so, and is answered in bytes.
    let mut client = server.websocket().await;
    client.send("bAQID").await;
    let echo = client.next().await.unwrap().unwrap();
    assert_eq!(echo, Frame::binary(vec![1, 2, 3]));
    // `b64=1`: it wants to be answered so.
    let query = "EIO=4&transport=websocket&b64=1";
    let mut client = support::client(server.address, query).await;
    assert!(client.text().await.starts_with('0'));
    client.0.send(Frame::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(client.text().await, "bAQID");
    client.send("b%%%").await;
    assert_eq!(client.end().await, Some(1000));
    assert_eq!(server.closed().await, CloseReason::ParseError);
}

#[tokio::test]
async fn what_came_before_a_bad_frame_or_the_end_is_answered_first() {
    let mut server = start(calm()).await;
    let close = websocket::CloseFrame {
        code: websocket::CloseCode::NORMAL,
        reason: String::new(),
    };
    for (last, code, reason) in [
        (
            vec![0x83, 0x80, 0, 0, 0, 0],
            Some(1002),
            CloseReason::TransportError,
        ),
        (
            encode_masked_frame(OpCode::Text, KEY, b"what is this?").to_vec(),
            Some(1000),
            CloseReason::ParseError,
        ),
        (
            encode_masked_frame(OpCode::Text, KEY, b"1").to_vec(),
            Some(1000),
            CloseReason::TransportClose,
        ),
        (
            encode_masked_frame(OpCode::Close, KEY, &close.encode()).to_vec(),
            Some(1000),
            CloseReason::TransportClose,
        ),
    ] {
        let mut client = server.websocket().await;
        let mut bytes = encode_masked_frame(OpCode::Text, KEY, b"4hello").to_vec();
        bytes.extend(&last);
        client.send_raw(&bytes).await;
        assert_eq!(client.text().await, "4hello", "{reason}");
        assert_eq!(client.end().await, code, "{reason}");
        assert_eq!(server.closed().await, reason);
    }
    server.empties().await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_not_read_to_its_end_and_the_application_is_told() {
    let mut server = start(Config {
        max_payload: 1000,
        ..calm()
    })
    .await;
    let announced = "Content-Length: 1000000000\r\n\r\n".to_owned();
    let chunk = "x".repeat(1001);
    let chunked = format!("Transfer-Encoding: chunked\r\n\r\n3e9\r\n{chunk}\r\n");
    // Announced, and never sent: the answer does not wait for it. And not announced, and
    // more than allowed.
    for rest in [announced, chunked] {
        let sid = server.open().await;
        let head = format!(
            "POST /engine.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: x\r\n"
        );
        let request = head + &rest;
        let mut stream = server.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let refused = read_response(&mut stream).await;
        assert_eq!((refused.status, refused.body.as_str()), (413, ""));
        // The session goes on: as much as allowed is allowed.
        let most = format!("4{}", "x".repeat(999));
        assert_eq!(server.post(&sid, &most).await.body, "ok");
        assert_eq!(server.poll(&sid).await.body, most);
        // A client that goes now goes for another reason.
        assert_eq!(server.post(&sid, "1").await.body, "ok");
        assert_eq!(server.closed().await, CloseReason::TransportClose);
    }
    for rest in ["1", ""] {
        let sid = server.open().await;
        let most = format!("4{}", "x".repeat(1000));
        assert_eq!(server.post(&sid, &most).await.status, 413);
        if rest.is_empty() {
            // Or it just drops its poll.
            let mut stream = server.connect().await;
            let query = format!("EIO=4&transport=polling&sid={sid}");
            let head = format!("GET /engine.io/?{query} HTTP/1.1\r\nHost: x\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            drop(stream);
        } else {
            assert_eq!(server.post(&sid, rest).await.body, "ok");
        }
        assert_eq!(server.closed().await, CloseReason::MessageTooLarge);
    }
    server.still_serves().await;
}

#[tokio::test]
async fn a_body_that_drips_is_given_up() {
    let mut server = start(Config {
        body_timeout: Duration::from_millis(200),
        ..calm()
    })
    .await;
    let sid = server.open().await;
    let mut stream = server.connect().await;
    let head = format!(
        "POST /engine.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n4"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut read, mut write) = stream.split();
    let mut answer = [0; 12];
    let drip = async {
        loop {
            // The drip itself, not a wait for something to happen.
            tokio::time::sleep(Duration::from_millis(20)).await;
            if write.write_all(b"x").await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        () = drip => {}
        read = soon("an answer", read.read_exact(&mut answer)) => { read.unwrap(); }
    }
    assert_eq!(&answer, b"HTTP/1.1 408");
    assert_eq!(server.closed().await, CloseReason::TransportError);
    server.still_serves().await;
}

#[tokio::test]
async fn a_body_that_breaks_off_ends_the_session_and_nothing_of_it_is_delivered() {
    for whole in ["", "4one\x1e4two\x1e"] {
        let mut server = start(calm()).await;
        let sid = server.open().await;
        let session = server.opened().await;
        let mut stream = server.connect().await;
        let head = format!(
            "POST /engine.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(whole.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        assert_eq!(server.closed().await, CloseReason::TransportError);
        // Had a message been delivered, its echo would have been queued before the end.
        assert!(session.is_closed());
        assert_eq!(server.poll(&sid).await.status, 400);
        server.empties().await;
        server.still_serves().await;
    }
}

#[tokio::test]
async fn a_poll_whose_answer_is_not_read_holds_nobody_up() {
    let mut server = start(calm()).await;
    let sid = server.open().await;
    let session = server.opened().await;
    // More than the kernel takes for a client that does not read.
    let message = EncodedMessage::text(&"x".repeat(900_000));
    let request = format!(
        "GET /engine.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: x\r\n\r\n"
    );
    let mut deaf = Vec::new();
    for _ in 0..8 {
        session.send(&message).unwrap();
        let mut stream = server.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        // It is being answered.
        stream.read_exact(&mut [0; 12]).await.unwrap();
        deaf.push(stream);
    }
    server.still_serves().await;
    // The client itself is served on another connection; what it did not read is lost to
    // it, and it knows that.
    session
        .send(&EncodedMessage::text("there you are"))
        .unwrap();
    assert_eq!(server.poll(&sid).await.body, "4there you are");
    drop(deaf);
    assert_eq!(server.post(&sid, "1").await.status, 200);
    server.empties().await;
}

#[tokio::test]
async fn a_request_head_that_never_ends_is_dropped() {
    let limits = ServeLimits {
        header_timeout: Duration::from_millis(200),
        ..ServeLimits::default()
    };
    let server = start_with(calm(), limits).await;
    for head in [
        "",
        "GET /engine.io/ HT",
        "GET /engine.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n",
    ] {
        let mut stream = server.connect().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        let _ = soon(
            "the connection to be dropped",
            stream.read_to_end(&mut rest),
        )
        .await;
    }
    server.still_serves().await;
}

#[tokio::test]
async fn a_full_server_makes_others_wait_and_an_upgraded_connection_keeps_its_place() {
    let limits = ServeLimits {
        connections: 1,
        ..ServeLimits::default()
    };
    let mut server = start_with(calm(), limits).await;
    let mut first = server.websocket().await;
    let mut second = server.connect().await;
    let request = b"GET /engine.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    second.write_all(request).await.unwrap();
    // In as much time as the first needs for all this, the second would have its answer.
    for _ in 0..100 {
        first.send("4mine").await;
        assert_eq!(first.text().await, "4mine");
        let early = second.try_read(&mut [0]);
        assert!(
            early.is_err_and(|error| error.kind() == ErrorKind::WouldBlock),
            "there was no place for it"
        );
    }
    first.send("1").await;
    first.end().await;
    drop(first);
    assert_eq!(read_response(&mut second).await.status, 200);
    assert_eq!(server.closed().await, CloseReason::TransportClose);
}

#[tokio::test]
async fn a_full_table_takes_no_more_sessions() {
    let mut server = start(Config {
        max_sessions: 1,
        ..calm()
    })
    .await;
    let sid = server.open().await;
    assert_eq!(server.get("EIO=4&transport=polling").await.status, 503);
    assert!(
        support::Client(
            server
                .upgrade("EIO=4&transport=websocket", &[])
                .await
                .unwrap()
        )
        .end()
        .await
        .is_some()
    );
    assert_eq!(server.post(&sid, "1").await.status, 200);
    server.empties().await;
    server.open().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_closed_and_the_rest_of_the_room_hears_everything()
{
    let budget = 64 * 1024;
    let mut server = start(Config {
        outbound_budget: budget,
        ..calm()
    })
    .await;
    let deaf = server.websocket().await;
    let deaf_session = server.opened().await;
    let mut other = server.websocket().await;
    let session = server.opened().await;
    let message = EncodedMessage::text(&"x".repeat(8000));
    let mut sent = 0;
    // What the kernel takes is not ours to count; then the budget fills.
    while deaf_session.send(&message).is_ok() {
        session.send(&message).unwrap();
        assert_eq!(other.text().await.len(), 8001);
        sent += 1;
        assert!(
            sent < 10_000,
            "80 MB are queued for a client that does not read"
        );
    }
    assert_eq!(server.closed().await, CloseReason::SlowReader);
    assert!(deaf_session.is_closed());
    drop(deaf);
    drop(other);
    assert_eq!(server.closed().await, CloseReason::TransportClose);
    server.empties().await;
}

#[tokio::test]
async fn a_client_that_polls_no_more_is_closed_when_its_budget_is_spent() {
    let mut server = start(Config {
        outbound_budget: 10_000,
        ..calm()
    })
    .await;
    let sid = server.open().await;
    let session = server.opened().await;
    let message = EncodedMessage::text(&"x".repeat(1000));
    let sent = (0..100)
        .take_while(|_| session.send(&message).is_ok())
        .count();
    assert!((8..10).contains(&sent), "{sent}");
    assert_eq!(server.closed().await, CloseReason::SlowReader);
    assert_eq!(server.poll(&sid).await.status, 400);
}

#[tokio::test]
async fn connections_that_are_reset_leave_nothing() {
    let mut server = start(calm()).await;
    for _ in 0..20 {
        let client = server.websocket().await;
        let stream = client.0.into_inner();
        socket2::SockRef::from(&stream)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
        drop(stream);
        server.closed().await;
    }
    // A poll that is reset while it waits.
    let sid = server.open().await;
    let mut stream = server.connect().await;
    let head = format!(
        "GET /engine.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: x\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    socket2::SockRef::from(&stream)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
    // Another poll is refused as soon as this one waits; had it not come yet, this one is
    // reset in its place.
    drop(stream);
    soon("the end", async {
        while server.poll(&sid).await.status == 200 {}
    })
    .await;
    server.empties().await;
    server.still_serves().await;
}

#[tokio::test]
async fn pages_of_other_origins_are_refused_unless_they_are_listed() {
    let listed = "https://friend.example";
    let server = start(Config {
        cors: Cors::Origins(vec![listed.into()]),
        ..calm()
    })
    .await;
    let query = "EIO=4&transport=polling";
    let of = |origin: &str| format!("Origin: {origin}\r\n");

    let friend = server.request("GET", query, &of(listed), b"").await;
    assert_eq!(friend.status, 200);
    assert_eq!(friend.header("access-control-allow-origin"), Some(listed));
    assert_eq!(
        friend.header("access-control-allow-credentials"),
        Some("true")
    );
    assert_eq!(friend.header("vary"), Some("Origin"));
    assert!(
        server
            .upgrade("EIO=4&transport=websocket", &[("origin", listed)])
            .await
            .is_ok()
    );

    let own = format!("http://{}", server.address);
    assert_eq!(
        server.request("GET", query, &of(&own), b"").await.status,
        200
    );
    assert!(
        server
            .upgrade("EIO=4&transport=websocket", &[("origin", &own)])
            .await
            .is_ok()
    );

    for stranger in [
        "https://friend.example.evil.example",
        "http://friend.example",
        "null",
        "https://FRIEND.example",
    ] {
        let refused = server.request("GET", query, &of(stranger), b"").await;
        assert_eq!(refused.status, 403, "{stranger}");
        assert_eq!(
            refused.header("access-control-allow-origin"),
            None,
            "{stranger}"
        );
        let preflight = server.request("OPTIONS", query, &of(stranger), b"").await;
        assert_eq!(preflight.status, 403, "{stranger}");
        assert!(
            server
                .upgrade("EIO=4&transport=websocket", &[("origin", stranger)])
                .await
                .is_err()
        );
    }
    let preflight = server.request("OPTIONS", query, &of(listed), b"").await;
    assert_eq!(
        (
            preflight.status,
            preflight.header("access-control-allow-methods")
        ),
        (204, Some("GET, POST"))
    );
}

#[tokio::test]
async fn any_origin_is_allowed_without_credentials() {
    let server = start(Config {
        cors: Cors::Any,
        ..calm()
    })
    .await;
    let response = server
        .request(
            "GET",
            "EIO=4&transport=polling",
            "Origin: http://a.example\r\n",
            b"",
        )
        .await;
    assert_eq!(response.header("access-control-allow-origin"), Some("*"));
    assert_eq!(response.header("access-control-allow-credentials"), None);
}

#[tokio::test]
async fn a_ping_between_fragments_is_answered_and_the_message_arrives() {
    let server = start(calm()).await;
    let mut client = server.websocket().await;
    let mut bytes = Vec::new();
    FrameHeader {
        fin: false,
        opcode: OpCode::Text,
        mask: Some([0; 4]),
        len: 3,
    }
    .write_to(&mut bytes);
    bytes.extend(b"4he");
    bytes.extend(encode_masked_frame(OpCode::Ping, KEY, b"payload"));
    FrameHeader {
        fin: true,
        opcode: OpCode::Continuation,
        mask: Some([0; 4]),
        len: 3,
    }
    .write_to(&mut bytes);
    bytes.extend(b"llo");
    client.send_raw(&bytes).await;
    assert_eq!(
        client.next().await.unwrap().unwrap(),
        Frame::Pong(b"payload".as_slice().into())
    );
    assert_eq!(client.text().await, "4hello");
}
