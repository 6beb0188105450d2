//! Over real connections: our server with tungstenite's client, tungstenite's server with
//! our client, and the same code in a coroutine.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use tungstenite::Message as Theirs;
use websocket::{
    CloseCode, Error, Limits, Message, Origins, ProtocolError, Refusal, WebSocket,
};

/// Nothing here takes so long, whatever else the machine does.
const PATIENCE: Duration = Duration::from_secs(20);

fn dial(listener: &TcpListener) -> TcpStream {
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn listen() -> TcpListener {
    TcpListener::bind(("127.0.0.1", 0)).unwrap()
}

/// Serves one connection and says how it ended.
fn echo_once(stream: impl Read + Write) -> Result<u16, Error> {
    let limits = Limits {
        max_message: 100_000,
        ..Limits::default()
    };
    let (mut socket, _) = WebSocket::accept(stream, &Origins::Same, limits)?;
    while let Some(message) = socket.read()? {
        socket.send(&message)?;
    }
    Ok(socket.close_frame().map_or(1005, |frame| frame.code.0))
}

fn serve(listener: &TcpListener) -> Result<u16, Error> {
    let (stream, _) = listener.accept()?;
    stream.set_read_timeout(Some(PATIENCE))?;
    echo_once(stream)
}

#[test]
fn tungstenites_client_is_served() {
    let listener = listen();
    let stream = dial(&listener);
    thread::scope(|scope| {
        let server = scope.spawn(|| serve(&listener));
        let (mut client, response) =
            tungstenite::client("ws://127.0.0.1/", stream).unwrap();
        assert_eq!(response.status(), 101);
        for len in [0, 1, 125, 126, 127, 65_535, 65_536, 100_000] {
            let message = Theirs::binary(vec![7; len]);
            client.send(message.clone()).unwrap();
            assert_eq!(client.read().unwrap(), message, "{len} bytes");
        }
        client.send(Theirs::Ping(b"there?"[..].into())).unwrap();
        assert_eq!(client.read().unwrap(), Theirs::Pong(b"there?"[..].into()));
        client.send(Theirs::text("grüße 👋")).unwrap();
        assert_eq!(client.read().unwrap(), Theirs::text("grüße 👋"));
        client.close(None).unwrap();
        while client.read().is_ok() {}
        assert_eq!(server.join().unwrap().unwrap(), 1005);
    });
}

#[test]
fn tungstenites_server_serves_our_client() {
    let listener = listen();
    let stream = dial(&listener);
    let address = listener.local_addr().unwrap().to_string();
    thread::scope(|scope| {
        scope.spawn(|| {
            let (stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let mut socket = tungstenite::accept(stream).unwrap();
            socket.send(Theirs::Ping(b"first"[..].into())).unwrap();
            while let Ok(message) = socket.read() {
                if message.is_text() || message.is_binary() {
                    socket.send(message).unwrap();
                }
            }
        });
        let mut client =
            WebSocket::connect(stream, &address, "/", Limits::default()).unwrap();
        for message in [
            Message::Text("grüße 👋".into()),
            Message::Binary(vec![0; 70_000]),
        ] {
            client.send(&message).unwrap();
            assert_eq!(client.read().unwrap(), Some(message));
        }
        client.close(CloseCode::NORMAL, "tea is ready").unwrap();
        assert_eq!(
            client.close_frame().map(|frame| frame.code),
            Some(CloseCode::NORMAL)
        );
    });
}

#[test]
fn the_same_code_serves_in_a_coroutine() {
    let listener = may::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let server = may::go!(move || {
        let (stream, _) = listener.accept()?;
        echo_once(stream)
    });
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut client =
        WebSocket::connect(stream, &address.to_string(), "/", Limits::default()).unwrap();
    client.send(&Message::Text("hello".into())).unwrap();
    assert_eq!(client.read().unwrap(), Some(Message::Text("hello".into())));
    client.close(CloseCode::NORMAL, "").unwrap();
    assert_eq!(server.join().unwrap().unwrap(), 1000);
}

#[test]
fn frames_that_come_with_the_handshake_are_not_lost() {
    let listener = listen();
    let mut stream = dial(&listener);
    let request = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    // A client may be sure of a server that it knows, and wait for no answer.
    stream
        .write_all(&[request.as_bytes(), b"\x81\x82\0\0\0\0Hi\x88\x80\0\0\0\0"].concat())
        .unwrap();
    assert_eq!(serve(&listener).unwrap(), 1005);
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(
        answer.ends_with(b"\r\n\r\n\x81\x02Hi\x88\x00"),
        "{:?}",
        String::from_utf8_lossy(&answer)
    );
}

#[test]
fn who_is_refused_reads_why() {
    let listener = listen();
    let mut stream = dial(&listener);
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    assert!(matches!(
        serve(&listener),
        Err(Error::Refused(Refusal::UpgradeRequired(_)))
    ));
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 426 ")
            && answer.contains("Sec-WebSocket-Version: 13"),
        "{answer}"
    );
}

#[test]
fn a_message_over_the_limit_ends_the_connection_with_1009() {
    let listener = listen();
    let stream = dial(&listener);
    let address = listener.local_addr().unwrap().to_string();
    thread::scope(|scope| {
        let server = scope.spawn(|| serve(&listener));
        let mut client =
            WebSocket::connect(stream, &address, "/", Limits::default()).unwrap();
        // A header alone says it: the bytes need not come.
        client
            .stream()
            .try_clone()
            .unwrap()
            .write_all(b"\x82\xff\0\0\0\0\x7f\0\0\0\0\0\0\0")
            .unwrap();
        assert_eq!(client.read().unwrap(), None);
        assert_eq!(
            client.close_frame().map(|frame| frame.code),
            Some(CloseCode::TOO_BIG)
        );
        let error = server.join().unwrap().unwrap_err();
        assert!(
            matches!(
                error,
                Error::Protocol(ProtocolError::MessageTooBig(100_000))
            ),
            "{error}"
        );
    });
}

#[test]
fn a_peer_that_hangs_up_is_an_error_and_no_end() {
    let listener = listen();
    let stream = dial(&listener);
    let address = listener.local_addr().unwrap().to_string();
    thread::scope(|scope| {
        let server = scope.spawn(|| serve(&listener));
        drop(WebSocket::connect(stream, &address, "/", Limits::default()).unwrap());
        assert!(matches!(server.join().unwrap(), Err(Error::Io(_))));
    });
}
