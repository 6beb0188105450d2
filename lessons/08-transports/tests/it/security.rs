//! Which requests are refused, and what is limited.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use transports::{Limits, POLICY_REQUEST, Refused, Transport, policy, serve_policy};

use crate::common::{DEADLINE, server};

#[test]
fn a_callback_is_a_name() {
    let server = server(Limits::default(), Refused::default());
    for bad in [
        "",
        "?callback=",
        "?callback=alert(1)//",
        "?callback=a.b",
        "?callback=%3Cscript%3E",
        "?callback=1a",
    ] {
        let answer = server.answer(&format!("GET /events/jsonp{bad}"), "", "");
        assert!(answer.starts_with("HTTP/1.1 400"), "{bad}: {answer}");
        assert!(!answer.contains("alert"), "{answer}");
    }
}

#[test]
fn pages_of_other_sites_are_refused() {
    let server = server(Limits::default(), Refused::default());
    server.hub.publish("x");
    for from in [
        "origin: http://evil.example\r\n",
        "origin: null\r\n",
        "sec-fetch-site: cross-site\r\n",
        "sec-fetch-site: same-site\r\n",
    ] {
        for transport in Transport::ALL {
            let answer = server.answer(
                &format!("GET /events/{transport}?callback=cb&after=0"),
                from,
                "",
            );
            assert!(
                answer.starts_with("HTTP/1.1 403"),
                "{transport}, {from}: {answer}"
            );
            assert!(!answer.contains("access-control"), "{answer}");
        }
        let headers = format!("content-type: application/json\r\n{from}");
        assert!(
            server
                .answer("POST /send", &headers, "\"x\"")
                .starts_with("HTTP/1.1 403"),
            "{from}"
        );
    }
    let own = format!(
        "origin: http://{}\r\nsec-fetch-site: same-origin\r\n",
        server.addr
    );
    assert!(
        server
            .answer("GET /events/polling?after=0", &own, "")
            .starts_with("HTTP/1.1 200")
    );
}

#[test]
fn content_types_of_forms_are_refused() {
    let server = server(Limits::default(), Refused::default());
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        let answer =
            server.answer("POST /send", &format!("content-type: {kind}\r\n"), "\"x\"");
        assert!(answer.starts_with("HTTP/1.1 415"), "{kind}: {answer}");
    }
    let answer = server.answer(
        "POST /send",
        "content-type: application/json\r\n",
        "\"hello\"",
    );
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\n1"),
        "{answer}"
    );
    let answer = server.answer("POST /send", "content-type: application/json\r\n", "{}");
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[test]
fn messages_over_the_limit_are_refused() {
    let server = server(
        Limits {
            upstream: 10,
            ..Limits::default()
        },
        Refused::default(),
    );
    let send = |body: &str| {
        server.answer("POST /send", "content-type: application/json\r\n", body)
    };
    assert!(send("\"12345678\"").starts_with("HTTP/1.1 200"));
    assert!(send("\"123456789\"").starts_with("HTTP/1.1 413"));
    assert!(
        server
            .answer("GET /events/polling?after=x", "", "")
            .starts_with("HTTP/1.1 400")
    );
}

#[test]
fn the_policy_server_answers_only_the_policy_request() {
    let runtime = Runtime::new().unwrap();
    let listener = runtime
        .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .unwrap();
    let addr = listener.local_addr().unwrap();
    runtime.spawn(serve_policy(listener, "chat.example", 5000));
    let ask = |request: &[u8]| {
        let mut stream = TcpStream::connect(addr).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        for piece in request.chunks(7) {
            stream.write_all(piece).unwrap();
        }
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    };
    assert_eq!(ask(POLICY_REQUEST), policy("chat.example", 5000));
    let text = String::from_utf8(policy("chat.example", 5000)).unwrap();
    assert!(
        text.contains("<allow-access-from domain=\"chat.example\" to-ports=\"5000\"/>")
            && text.ends_with('\0')
    );
    assert_eq!(ask(b"GET / HTTP/1.1\r\n\r\n12345"), b"");
}
