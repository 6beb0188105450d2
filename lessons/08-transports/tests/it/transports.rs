//! Every transport over real HTTP.

use std::io::Read;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use transports::{ClientError, Limits, Refused, Transport, follow};

use crate::common::{DEADLINE, server, wait_until};

#[test]
fn every_transport_delivers_a_thousand_events_in_order() {
    for transport in Transport::ALL {
        let server = server(Limits::default(), Refused::default());
        let hub = server.hub.clone();
        let publisher = thread::spawn(move || {
            wait_until("a reader", || hub.readers() == 1);
            (0..1000).for_each(|number| {
                hub.publish(&format!("{number} </script>\u{2028}\r\n--event\r\n"));
            });
        });
        let report = follow(server.addr, transport, 0, 1000, DEADLINE).unwrap();
        publisher.join().unwrap();
        assert!(
            report.events.iter().map(|event| event.id).eq(1..=1000),
            "{transport}"
        );
        assert_eq!(
            report.events[41].data, "41 </script>\u{2028}\r\n--event\r\n",
            "{transport}"
        );
    }
}

#[test]
fn every_transport_resumes_after_the_last_number() {
    let server = server(Limits::default(), Refused::default());
    (0..100).for_each(|_| {
        server.hub.publish("x");
    });
    for transport in Transport::ALL {
        let report = follow(server.addr, transport, 60, 40, DEADLINE).unwrap();
        assert!(
            report.events.iter().map(|event| event.id).eq(61..=100),
            "{transport}"
        );
    }
}

#[test]
fn an_event_source_resumes_with_its_header() {
    let server = server(Limits::default(), Refused::default());
    (0..3).for_each(|_| {
        server.hub.publish("x");
    });
    let mut stream =
        server.request("GET /events/sse?after=0", "last-event-id: 2\r\n", "");
    let mut text = String::new();
    while !text.contains("data: ") {
        let mut bytes = [0; 1024];
        let len = stream.read(&mut bytes).unwrap();
        text.push_str(&String::from_utf8_lossy(&bytes[..len]));
    }
    assert!(
        text.contains("id: 3\n") && !text.contains("id: 2\n"),
        "{text}"
    );
}

#[test]
fn a_client_that_disconnects_frees_its_place() {
    let server = server(
        Limits {
            readers: 1,
            ..Limits::default()
        },
        Refused::default(),
    );
    for transport in Transport::ALL {
        let upgrade = "upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        let path = format!("/events/{transport}?callback=cb");
        let stream = if transport == Transport::WebSocket {
            let mut stream = TcpStream::connect(server.addr).unwrap();
            let addr = server.addr;
            std::io::Write::write_all(
                &mut stream,
                format!("GET {path} HTTP/1.1\r\nhost: {addr}\r\nconnection: upgrade\r\n{upgrade}\r\n")
                    .as_bytes(),
            )
            .unwrap();
            stream
        } else {
            server.request(&format!("GET {path}"), "", "")
        };
        wait_until("the place is taken", || server.hub.readers() == 1);
        let second = server.answer("GET /events/polling", "", "");
        assert!(second.starts_with("HTTP/1.1 503"), "{transport}: {second}");
        drop(stream);
        wait_until("the place is free", || server.hub.readers() == 0);
    }
}

#[test]
fn a_client_that_reads_nothing_is_bounded_and_closed() {
    let limits = Limits {
        history: 100,
        patience: Duration::from_millis(100),
        ..Limits::default()
    };
    for transport in [Transport::WebSocket, Transport::Streaming, Transport::Sse] {
        let server = server(limits, Refused::default());
        let stream = if transport == Transport::WebSocket {
            let mut stream = TcpStream::connect(server.addr).unwrap();
            let addr = server.addr;
            let request = format!(
                "GET /events/websocket HTTP/1.1\r\nhost: {addr}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                 sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            );
            std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
            stream
        } else {
            server.request(&format!("GET /events/{transport}"), "", "")
        };
        wait_until("a reader", || server.hub.readers() == 1);
        let data = "x".repeat(64 * 1024);
        wait_until("the reader is gone", || {
            server.hub.publish(&data);
            server.hub.readers() == 0
        });
        let endings = server.hub.endings();
        assert!(
            endings.stalled + endings.missed >= 1,
            "{transport}: {endings:?}"
        );
        drop(stream);
    }
}

#[test]
fn a_client_that_missed_events_is_notified() {
    let server = server(
        Limits {
            history: 10,
            ..Limits::default()
        },
        Refused::default(),
    );
    (0..20).for_each(|_| {
        server.hub.publish("x");
    });
    for transport in Transport::ALL {
        let error = follow(server.addr, transport, 5, 1, DEADLINE).unwrap_err();
        assert!(
            error.to_string().contains("events after 5 are not kept"),
            "{transport}: {error}"
        );
    }
}

#[test]
fn a_poll_without_events_returns_an_empty_array() {
    let server = server(
        Limits {
            poll_wait: Duration::from_millis(20),
            ..Limits::default()
        },
        Refused::default(),
    );
    let answer = server.answer("GET /events/polling?after=0", "", "");
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\n[]"),
        "{answer}"
    );
    let answer = server.answer("GET /events/jsonp?callback=cb", "", "");
    assert!(answer.ends_with("\r\n\r\n/**/cb([]);"), "{answer}");
}

#[test]
fn refused_transports_get_403_and_a_buffering_proxy_holds_streams_back() {
    let refused = Refused {
        transports: [Transport::WebSocket].into(),
        streams: true,
    };
    let server = server(Limits::default(), refused);
    server.hub.publish("x");
    let wait = Duration::from_millis(200);
    for transport in Transport::ALL {
        match follow(
            server.addr,
            transport,
            0,
            1,
            if transport.is_stream() {
                wait
            } else {
                DEADLINE
            },
        ) {
            Ok(_) => {
                assert!(
                    matches!(transport, Transport::LongPolling | Transport::JsonpPolling),
                    "{transport}"
                );
            }
            Err(ClientError::Refused(status, _)) => {
                assert_eq!((status, transport), (403, Transport::WebSocket));
            }
            Err(error) => assert!(transport.is_stream(), "{transport}: {error}"),
        }
    }
}
