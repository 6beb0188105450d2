//! The opening handshake: what is taken, what is refused and how, and what a client
//! believes.

use websocket::{ClientHandshake, HandshakeError, MAX_HEAD, Origins, Refusal, Request};

/// A request in order.
const GOOD: &str = "GET /chat HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fn parse(request: &str) -> Result<Request, Refusal> {
    Request::parse(request.as_bytes()).map(|parsed| parsed.expect("the head is whole").0)
}

/// The good request with another line in the place of one.
fn with(line: &str, other: &str) -> Result<Request, Refusal> {
    assert!(GOOD.contains(line));
    parse(&GOOD.replace(line, other))
}

#[test]
fn a_request_in_order_is_answered_with_its_key() {
    let response = String::from_utf8(parse(GOOD).unwrap().response(None)).unwrap();
    assert!(response.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
    assert!(response.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    assert!(response.ends_with("\r\n\r\n"));
    assert!(!response.contains("Protocol:"), "none was offered");
}

#[test]
fn a_request_may_come_in_pieces_and_frames_behind_it() {
    let bytes = [GOOD.as_bytes(), b"\x81\x80\0\0\0\0"].concat();
    for cut in 0..GOOD.len() {
        assert_eq!(Request::parse(&bytes[..cut]), Ok(None), "after {cut} bytes");
    }
    let (_, len) = Request::parse(&bytes).unwrap().unwrap();
    assert_eq!(len, GOOD.len(), "the frame is not part of the request");
}

#[test]
fn what_is_no_handshake_is_refused_with_the_status_that_says_why() {
    let cases = [
        (with("GET", "POST"), 405),
        (with("HTTP/1.1", "HTTP/1.0"), 400),
        (with("Upgrade: websocket\r\n", ""), 426),
        (with("Upgrade: websocket\r\n", "Upgrade: h2c\r\n"), 426),
        (
            with(
                "Connection: keep-alive, Upgrade\r\n",
                "Connection: keep-alive\r\n",
            ),
            426,
        ),
        (with("Version: 13", "Version: 8"), 426),
        (with("Sec-WebSocket-Version: 13\r\n", ""), 426),
        (with("Host: example.org\r\n", ""), 400),
        (with("Host: example.org\r\n", "Host: a\r\nHost: b\r\n"), 400),
        (
            with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""),
            400,
        ),
        (with("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="), 400),
        (with("dGhlIHNhbXBsZSBub25jZQ==", "no base64"), 400),
        (with("GET /chat", "\u{1}\u{2}"), 400),
    ];
    for (index, (outcome, status)) in cases.into_iter().enumerate() {
        let refusal = outcome.expect_err(&format!("case {index} was taken"));
        assert_eq!(refusal.status(), status, "case {index}: {refusal}");
        let response = String::from_utf8(refusal.response()).unwrap();
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status} ")),
            "{response}"
        );
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains(&format!("Content-Length: {}", body.len())),
            "{response}"
        );
        assert_eq!(
            head.contains("Sec-WebSocket-Version: 13"),
            status == 426,
            "{response}"
        );
    }
}

#[test]
fn a_head_that_does_not_end_is_refused_and_not_kept() {
    let endless = format!("GET / HTTP/1.1\r\nX: {}", "a".repeat(MAX_HEAD));
    assert_eq!(
        Request::parse(endless.as_bytes()),
        Err(Refusal::HeadTooLarge)
    );
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(100));
    assert_eq!(Request::parse(many.as_bytes()), Err(Refusal::HeadTooLarge));
    assert_eq!(Refusal::HeadTooLarge.status(), 431);
}

#[test]
fn pages_from_elsewhere_may_not_connect() {
    let from = |origin: &str| {
        with("Connection:", &format!("Origin: {origin}\r\nConnection:")).unwrap()
    };
    let listed = Origins::Listed(vec!["https://friend.example".into()]);
    for (origin, same, friend) in [
        ("https://example.org", true, false),
        ("http://EXAMPLE.org", true, false),
        ("https://friend.example", false, true),
        ("https://example.org.evil.example", false, false),
        ("https://evil.example/example.org", false, false),
        ("null", false, false),
    ] {
        assert_eq!(
            from(origin).check_origin(&Origins::Same).is_ok(),
            same,
            "{origin}, same"
        );
        assert_eq!(
            from(origin).check_origin(&listed).is_ok(),
            friend,
            "{origin}, listed"
        );
        assert!(
            from(origin).check_origin(&Origins::Any).is_ok(),
            "{origin}, any"
        );
    }
    assert!(
        parse(GOOD).unwrap().check_origin(&Origins::Same).is_ok(),
        "a program sends no origin"
    );
    let refusal = from("https://evil.example")
        .check_origin(&Origins::Same)
        .unwrap_err();
    assert_eq!(refusal.status(), 403);
}

#[test]
fn a_protocol_is_named_only_when_it_was_offered() {
    let request = with(
        "Connection:",
        "Sec-WebSocket-Protocol: chat, tea\r\nConnection:",
    )
    .unwrap();
    assert_eq!(request.protocols, ["chat", "tea"]);
    assert!(
        String::from_utf8_lossy(&request.response(Some("tea")))
            .contains("Sec-WebSocket-Protocol: tea\r\n")
    );
    assert!(
        !String::from_utf8_lossy(&request.response(Some("coffee"))).contains("coffee")
    );
}

/// The answer to the sample key.
const YES: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

#[test]
fn a_client_believes_the_answer_to_its_own_key_alone() {
    let handshake = ClientHandshake::with_nonce(*b"the sample nonce");
    assert_eq!(handshake.verify(YES.as_bytes()), Ok(Some(YES.len())));
    assert_eq!(handshake.verify(&YES.as_bytes()[..YES.len() - 1]), Ok(None));
    let wrong = |line: &str, other: &str| {
        handshake
            .verify(YES.replace(line, other).as_bytes())
            .unwrap_err()
    };
    assert_eq!(wrong("101", "200"), HandshakeError::Status(200));
    assert_eq!(
        wrong("s3pP", "t3pP"),
        HandshakeError::Header("Sec-WebSocket-Accept")
    );
    assert_eq!(
        wrong("Upgrade: WebSocket\r\n", ""),
        HandshakeError::Header("Upgrade")
    );
    assert_eq!(
        wrong("Connection: upgrade", "Connection: close"),
        HandshakeError::Header("Connection")
    );
    let unasked = "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    assert_eq!(
        wrong("\r\n\r\n", unasked),
        HandshakeError::Header("Sec-WebSocket-Extensions")
    );
    assert_eq!(
        handshake.verify(b"220 mail.example.org ESMTP\r\n"),
        Err(HandshakeError::NotHttp)
    );
    assert_eq!(
        handshake.verify(&[b'H'; MAX_HEAD]),
        Err(HandshakeError::NotHttp)
    );
    let other = ClientHandshake::new().unwrap();
    assert!(
        other.verify(YES.as_bytes()).is_err(),
        "two clients have two keys"
    );
}

#[test]
fn both_halves_fit() {
    let client = ClientHandshake::new().unwrap();
    let request = client.request(
        "example.org:8080",
        "/chat?room=tea",
        Some("http://example.org:8080"),
    );
    let (request, _) = Request::parse(&request).unwrap().unwrap();
    assert_eq!(
        (request.path.as_str(), request.host.as_str()),
        ("/chat?room=tea", "example.org:8080")
    );
    request.check_origin(&Origins::Same).unwrap();
    let answer = request.response(None);
    assert_eq!(client.verify(&answer), Ok(Some(answer.len())));
}
